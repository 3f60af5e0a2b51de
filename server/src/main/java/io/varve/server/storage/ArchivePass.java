package io.varve.server.storage;

/**
 * One pass of moving old events to the archive, one archive segment after the other: each is
 * written, read back and compared, entered in the catalogue, and only then taken out of the hot
 * database. Readers notice nothing.
 *
 * <p>A pass may be given up after any step, and by a crash within one: what has been entered in the
 * catalogue stays, and the next pass finishes what is left to do about it. Used by one thread at a
 * time, and only one pass at a time.
 */
public interface ArchivePass extends AutoCloseable {

  /** Takes the next step, which takes some milliseconds. Not after the last one. */
  Step next();

  /** Gives up what has been begun and is not in the catalogue. */
  @Override
  void close();

  /**
   * What a step has done.
   *
   * @param positions so many more positions are in the catalogue
   * @param events and so many events
   * @param bytes about how many bytes it has read and written
   * @param done whether it was the last one
   */
  record Step(long positions, long events, long bytes, boolean done) {}
}
