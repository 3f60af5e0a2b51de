package io.varve.server.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * A bar that is drawn over and over on a terminal's error output; elsewhere nothing is drawn. For
 * one thread.
 */
final class Progress implements AutoCloseable {
  private static final int BAR = 30;
  private static final long BETWEEN_DRAWINGS_NANOS = Duration.ofMillis(200).toNanos();
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintWriter to;
  private final boolean shown;
  private final String what;
  private final long begun = System.nanoTime();
  private long drawn = begun;

  Progress(PrintWriter to, boolean shown, String what) {
    this.to = to;
    this.shown = shown;
    this.what = what;
  }

  /**
   * @param events handled so far in this run
   * @param done how far it has come, of {@code total}; both in whatever unit is known
   */
  void at(long events, long done, long total) {
    long now = System.nanoTime();
    if (!shown || now - drawn < BETWEEN_DRAWINGS_NANOS) {
      return;
    }
    drawn = now;
    to.print(CLEAR_LINE + line(what, events, done, total, Duration.ofNanos(now - begun)));
    to.flush();
  }

  static String line(String what, long events, long done, long total, Duration since) {
    double part = total <= 0 ? 0 : Math.clamp((double) done / total, 0, 1);
    int full = (int) (part * BAR);
    double seconds = Math.max(since.toMillis(), 1) / 1_000.0;
    return String.format(
        Locale.ROOT,
        "%s %3.0f %% [%s%s] %,d events, %,.0f a second",
        what,
        part * 100,
        "#".repeat(full),
        " ".repeat(BAR - full),
        events,
        events / seconds);
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (shown) {
      to.print(CLEAR_LINE);
      to.flush();
    }
  }
}
