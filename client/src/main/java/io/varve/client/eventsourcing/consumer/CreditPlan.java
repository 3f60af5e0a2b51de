package io.varve.client.eventsourcing.consumer;

/**
 * How much credit a runner gives. An event's time to be answered begins with its delivery, so what
 * is delivered ought to be begun at once; and whether it can be is known only when it is there, for
 * it may belong to a stream that is busy. So no more is asked for than could wait for its turn
 * within half of that time, were it all of one stream.
 */
final class CreditPlan {

  private final int concurrency;
  private final long ackTimeoutNanos;

  /** About the slowest that handling an event takes these days; 0: not known yet. */
  private long slowestNanos;

  CreditPlan(int concurrency, long ackTimeoutNanos) {
    this.concurrency = concurrency;
    this.ackTimeoutNanos = ackTimeoutNanos;
  }

  /** An event has been handled. */
  void took(long nanos) {
    slowestNanos = Math.max(Math.max(1, nanos), slowestNanos / 10 * 9);
  }

  /**
   * How much credit to give now.
   *
   * @param running events being handled
   * @param waiting events delivered and not begun
   * @param given credit that was given and not used yet
   * @param oldestNanos how long the oldest of those running has been so
   */
  int more(int running, int waiting, int given, long oldestNanos) {
    int free = concurrency - running - waiting;
    long slowest = Math.max(slowestNanos, oldestNanos);
    // While nothing is known yet, each event that could be begun lets the next one come.
    long mayWait =
        slowestNanos == 0 || slowest == 0
            ? 0
            : Math.min(concurrency, ackTimeoutNanos / 2 / slowest);
    long wanted = Math.min(free, Math.max(waiting == 0 ? 1 : 0, mayWait - waiting));
    return (int) Math.max(0, wanted - given);
  }
}
