package io.varve.server.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * How far something long has come: on a terminal a bar that is drawn over and over, elsewhere
 * nothing. For one thread.
 */
final class Bar implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final long BETWEEN_NANOS = Duration.ofMillis(200).toNanos();
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintWriter to;
  private final boolean shown;
  private long drawn = System.nanoTime() - BETWEEN_NANOS;

  Bar(PrintWriter to) {
    this(to, Terminal.showsProgress());
  }

  Bar(PrintWriter to, boolean shown) {
    this.to = to;
    this.shown = shown;
  }

  /** So much of so much is done, in bytes or events or whatever. */
  void at(String what, long done, long total) {
    at(what, done, total, () -> String.format(Locale.ROOT, "%,d of %,d", done, total));
  }

  /**
   * As above, with other words behind the bar.
   *
   * @param words asked for only when the bar is drawn
   */
  void at(String what, long done, long total, Supplier<String> words) {
    long now = System.nanoTime();
    if (shown && now - drawn >= BETWEEN_NANOS) {
      drawn = now;
      to.print(CLEAR_LINE + line(what, done, total, words.get()));
      to.flush();
    }
  }

  static String line(String what, long done, long total, String words) {
    double part = total <= 0 ? 0 : Math.clamp((double) done / total, 0.0, 1.0);
    int full = (int) (part * WIDTH);
    return String.format(
        Locale.ROOT,
        "%-24s %3.0f %% [%s%s] %s",
        what,
        part * 100,
        "#".repeat(full),
        " ".repeat(WIDTH - full),
        words);
  }

  /** Takes the bar away, so that something can be printed. */
  @Override
  public void close() {
    if (shown) {
      to.print(CLEAR_LINE);
      to.flush();
    }
  }
}
