package io.varve.benchmarks.contender;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Something that keeps events, or a part of the way to it. */
public interface Contender {

  /** What one can be asked to do. */
  enum Ability {
    /** Appends to streams of one's own. */
    APPEND,

    /** Appends to one stream by many. */
    HOT,

    /** Several events in one append, all or nothing. */
    BATCH,

    /** Reads of a whole stream. */
    READ
  }

  /** Its name, in one word. */
  String name();

  /** What it is, and what an answer of it is worth: what is durable, and what was checked. */
  String description();

  /** What it can be asked to do. */
  Set<Ability> abilities();

  /** Why it cannot be had here, and how it could be; null: it can. */
  default @Nullable String missing() {
    return null;
  }

  /**
   * Starts it and waits until it can be asked.
   *
   * @param folder for all that it writes; removed by the caller
   */
  Running start(Path folder) throws IOException;

  /** One that runs. */
  interface Running extends AutoCloseable {
    /** One client's way to it; used by one thread, and closed by the caller first. */
    Session connect() throws IOException;

    @Override
    void close() throws IOException;
  }

  /** One client's way to it. Failures are unchecked exceptions. */
  interface Session extends AutoCloseable {
    /** Whatever the stream's state. */
    long ANY = -1;

    /**
     * Appends events and waits until they are durable.
     *
     * @param stream the stream; its first append creates it
     * @param expected what the append before returned, 0 for a new stream, or {@link #ANY}
     * @param events how many, each with the payload that all contenders are given
     * @return what the next append to the stream is to expect
     */
    long append(String stream, long expected, int events);

    /**
     * Reads a whole stream.
     *
     * @return how many events it has
     * @throws UnsupportedOperationException the contender has not {@link Ability#READ}
     */
    default int read(String stream) {
      throw new UnsupportedOperationException("this contender reads no streams");
    }

    @Override
    void close();
  }
}
