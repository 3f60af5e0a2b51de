package io.varve.server.cli;

/** One request of a load, made by one thread again and again. */
@FunctionalInterface
interface LoadOperation {
  /**
   * Makes the request and waits for its answer.
   *
   * @return how many events were appended or read
   */
  long run();

  /** The same, for one that wants to know when it was due, on the clock of System.nanoTime. */
  default long runDueAt(long due) {
    return run();
  }
}
