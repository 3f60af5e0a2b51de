package io.varve.server.storage;

/**
 * One pass over everything that is hidden by retention, truncation, deletion or a tombstone: it
 * takes the events out of the log and out of all that is derived from it, a few at a time. What is
 * kept is never touched; positions and versions stay what they are, and are not given again. A
 * stream's last event stays, unless the stream is deleted or tombstoned; so do all events of system
 * streams.
 *
 * <p>A pass may be given up after any step, and by a crash within one: the next pass goes on with
 * what is still there. Used by one thread at a time, and only one pass at a time.
 */
public interface Scavenge {

  /** Takes the next step, which takes some milliseconds. Not after the last one. */
  Step next();

  /**
   * What a step has done.
   *
   * @param events how many events it has reclaimed
   * @param bytes about how many bytes it has read and written
   * @param done whether it was the last one
   */
  record Step(long events, long bytes, boolean done) {}
}
