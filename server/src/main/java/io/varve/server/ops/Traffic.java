package io.varve.server.ops;

import io.varve.server.append.CommitListener;
import io.varve.server.measure.RateMeter;
import io.varve.server.storage.EventRun;
import java.util.List;
import java.util.function.LongSupplier;

/** How many events come in and go out. Thread-safe. */
public final class Traffic implements CommitListener, TrafficListener {
  private final RateMeter appended;
  private final RateMeter sent;

  /**
   * Traffic of which nothing has been seen yet.
   *
   * @param nanoTime a clock that only runs forwards
   */
  public Traffic(LongSupplier nanoTime) {
    this.appended = new RateMeter(nanoTime);
    this.sent = new RateMeter(nanoTime);
  }

  @Override
  public void committed(List<EventRun> runs) {
    long events = 0;
    for (EventRun run : runs) {
      events += run.count();
    }
    appended.add(events);
  }

  @Override
  public void stopped(String reason) {
    // Nothing more comes in, and that is what will be seen.
  }

  @Override
  public void read(int events) {
    sent.add(events);
  }

  @Override
  public void delivered(int events) {
    sent.add(events);
  }

  /** Events appended a second, over the last minute. */
  public double appendsPerSecond() {
    return appended.perSecond();
  }

  /** Events sent a second, over the last minute. */
  public double readsPerSecond() {
    return sent.perSecond();
  }
}
