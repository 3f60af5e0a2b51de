package io.varve.bank;

import java.io.PrintStream;
import java.util.Locale;

/**
 * How far something is: one line that is drawn over on a terminal, and a line for each tenth
 * elsewhere.
 */
final class ProgressBar {

  private static final int WIDTH = 40;

  private final PrintStream out;
  private final boolean terminal;
  private final String label;
  private int shown = -1; // tenths, where it is no terminal
  private boolean drawn;

  ProgressBar(PrintStream out, boolean terminal, String label) {
    this.out = out;
    this.terminal = terminal;
    this.label = label;
  }

  /**
   * Shows so much.
   *
   * @param note said behind it; empty: nothing
   */
  void show(long done, long all, String note) {
    double fraction = all <= 0 ? 1 : Math.min(1, (double) done / all);
    String numbers =
        String.format(
            Locale.ROOT,
            "%3d%% %,d of %,d%s",
            (int) (100 * fraction),
            Math.min(done, all),
            all,
            note.isEmpty() ? "" : "  " + note);
    if (terminal) {
      int filled = (int) (WIDTH * fraction);
      // To the line's beginning, and what is left of the old line is wiped.
      out.print(
          "\r"
              + label
              + " ["
              + "#".repeat(filled)
              + ".".repeat(WIDTH - filled)
              + "] "
              + numbers
              + "\u001b[K");
      out.flush();
      drawn = true;
    } else if ((int) (10 * fraction) != shown || !note.isEmpty()) {
      shown = (int) (10 * fraction);
      out.println(label + " " + numbers);
    }
  }

  /** Leaves the line, so that what follows begins on one of its own. */
  void leave() {
    if (drawn) {
      out.println();
    }
  }
}
