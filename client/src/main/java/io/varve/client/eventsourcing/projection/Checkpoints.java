package io.varve.client.eventsourcing.projection;

import java.util.Optional;

/** Keeps checkpoints apart from what handlers write. */
interface Checkpoints {

  /** A checkpoint that one holder moves. For one thread. */
  interface Held {

    /** The position last saved; 0: none. */
    long load() throws Exception;

    /**
     * Saves a position, if what is saved is what the holder believes it to be.
     *
     * @throws TenureLostException somebody else has moved it
     */
    void save(long from, long to) throws Exception;

    /** Lets it go. Never throws. */
    void release();
  }

  /** Takes hold of a projection's checkpoint; empty: somebody else has it. */
  Optional<Held> hold(String projection, int version) throws Exception;

  /** The position last saved, whoever holds it; 0: none. */
  long read(String projection, int version) throws Exception;
}
