package io.varve.server.config;

import java.util.Collection;
import java.util.Comparator;

/** What somebody may have meant who has written a name that is not known. */
public final class Suggestion {
  /** More wrong letters than this in every three, and it is another word. */
  private static final int LETTERS_FOR_ONE_MISTAKE = 3;

  private Suggestion() {}

  /**
   * {@code "; did you mean ...?"} with the known name that is nearest, or nothing if none is near.
   */
  public static String of(String written, Collection<String> known) {
    return known.stream()
        .filter(
            name -> distance(written, name) <= Math.max(1, name.length() / LETTERS_FOR_ONE_MISTAKE))
        .min(Comparator.comparingInt(name -> distance(written, name)))
        .map(name -> "; did you mean " + name + "?")
        .orElse("");
  }

  /**
   * Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment).
   */
  static int distance(String a, String b) {
    int[][] steps = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          steps[i][j] = i + j;
          continue;
        }
        int replaced = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        steps[i][j] =
            Math.min(
                steps[i - 1][j - 1] + replaced, 1 + Math.min(steps[i - 1][j], steps[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          steps[i][j] = Math.min(steps[i][j], steps[i - 2][j - 2] + 1);
        }
      }
    }
    return steps[a.length()][b.length()];
  }
}
