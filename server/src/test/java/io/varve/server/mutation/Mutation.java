package io.varve.server.mutation;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A small fault that could be in the store, and the tests that would notice it.
 *
 * @param name what is wrong with the store, as a sentence; no other has the same
 * @param file the source file, below {@code src/main/java/io/varve/server}
 * @param edits what is replaced in it; at least one
 * @param tests which test classes, or methods, fail; below {@code io.varve.server}, written {@code
 *     append.CommitterTest} or {@code append.CommitterTest#a_method}; at least one
 */
record Mutation(String name, String file, List<Edit> edits, List<String> tests) {
  Mutation {
    edits = List.copyOf(edits);
    tests = List.copyOf(tests);
  }

  /**
   * One replacement. A space in {@code before} stands for any white space, so that a change of
   * layout alone makes no difference.
   *
   * @param before is once in the file, and no more than that
   * @param after may be empty
   */
  record Edit(String before, String after) {
    private Pattern pattern() {
      List<String> words = List.of(before.strip().split("\\s+", -1));
      return Pattern.compile(String.join("\\s+", words.stream().map(Pattern::quote).toList()));
    }

    /** How often what is to be replaced is in a source. */
    long occurrencesIn(String source) {
      return pattern().matcher(source).results().count();
    }

    String applyTo(String source) {
      return pattern().matcher(source).replaceFirst(Matcher.quoteReplacement(after));
    }
  }

  /** The source with the fault in it. */
  String applyTo(String source) {
    String faulty = source;
    for (Edit edit : edits) {
      long occurrences = edit.occurrencesIn(faulty);
      if (occurrences != 1) {
        throw new IllegalStateException(
            "'%s': %s has %d times: %s".formatted(name, file, occurrences, edit.before()));
      }
      faulty = edit.applyTo(faulty);
    }
    return faulty;
  }

  @Override
  public String toString() {
    return name;
  }
}
