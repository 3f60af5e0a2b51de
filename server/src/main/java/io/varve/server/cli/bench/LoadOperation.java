package io.varve.server.cli.bench;

/** One client's request, made by one thread again and again. */
@FunctionalInterface
public interface LoadOperation {
  /**
   * Makes the request and waits for its answer.
   *
   * @param due when it was due, on the clock of System.nanoTime; in a closed loop that is now
   * @return how many events were appended or read
   */
  long run(long due);

  /** How often the last request was refused, for good reason, and made again until it was taken. */
  default long retriesOfLast() {
    return 0;
  }
}
