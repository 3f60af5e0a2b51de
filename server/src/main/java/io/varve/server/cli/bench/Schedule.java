package io.varve.server.cli.bench;

/**
 * When one client's requests are due in an open loop: evenly, and in turn with the other clients',
 * so that requests are due one by one and not all at the same moment.
 *
 * <p>It does not depend on how the requests went. One that is late leaves the next one due when it
 * was due all along, and its wait is counted in full: that is what keeps a stall of the store from
 * hiding itself ("coordinated omission"). Not thread-safe.
 */
final class Schedule {
  private static final double NANOS_PER_SECOND = 1e9;

  private final long begin;
  private final double between;
  private final double first;
  private long made;

  /**
   * @param begin when the first client's first request is due, on the clock of System.nanoTime
   * @param clients how many take turns
   * @param number which of them this is, from 0
   * @param rate requests a second of all of them together
   */
  Schedule(long begin, int clients, int number, double rate) {
    this.begin = begin;
    this.between = NANOS_PER_SECOND * clients / rate;
    this.first = NANOS_PER_SECOND * number / rate;
  }

  /** When the next request is due. Calculated anew each time, so that roundings do not add up. */
  long next() {
    return begin + Math.round(first + between * made++);
  }
}
