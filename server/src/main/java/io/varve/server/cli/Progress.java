package io.varve.server.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** How far something that handles events has come, and how fast it is. For one thread. */
final class Progress implements AutoCloseable {
  private final Bar bar;
  private final String what;
  private final long begun = System.nanoTime();

  Progress(PrintWriter to, boolean shown, String what) {
    this.bar = new Bar(to, shown);
    this.what = what;
  }

  /**
   * @param events handled so far in this run
   * @param done how far it has come, of {@code total}; both in whatever unit is known
   */
  void at(long events, long done, long total) {
    bar.at(what, done, total, () -> words(events, Duration.ofNanos(System.nanoTime() - begun)));
  }

  static String words(long events, Duration since) {
    double seconds = Math.max(since.toMillis(), 1) / 1_000.0;
    return String.format(Locale.ROOT, "%,d events, %,.0f a second", events, events / seconds);
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    bar.close();
  }
}
