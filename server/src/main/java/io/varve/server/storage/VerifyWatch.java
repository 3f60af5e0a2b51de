package io.varve.server.storage;

/**
 * Hears what a {@link Verification} does and finds. Called by the thread that runs it; whoever
 * wants it to end throws.
 */
public interface VerifyWatch {
  /** It turns to something else. */
  void stage(String what);

  /** So many events of so many have been examined. */
  void examined(long events, long total);

  /** So many bytes have been read since the last call. Whoever wants it to be slower waits here. */
  void read(long bytes);

  /** Something is damaged. */
  void finding(String sentence);

  /** Something is worth knowing, and no damage. */
  void note(String sentence);
}
