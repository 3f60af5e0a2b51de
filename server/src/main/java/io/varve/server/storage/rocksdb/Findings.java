package io.varve.server.storage.rocksdb;

import io.varve.server.storage.VerifyWatch;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a verification has found, by kind. Of each kind a few are told one by one, and of the rest
 * how many there are: of a lost index a million sentences would help nobody.
 */
final class Findings {
  private static final int TOLD_OF_A_KIND = 10;

  private final VerifyWatch watch;
  private final Map<String, Long> counts = new LinkedHashMap<>();

  Findings(VerifyWatch watch) {
    this.watch = watch;
  }

  VerifyWatch watch() {
    return watch;
  }

  /**
   * Something is damaged.
   *
   * @param kind what kind of damage it is, as it goes on after "more findings of the kind"
   */
  void add(String kind, String sentence) {
    if (counts.merge(kind, 1L, Long::sum) <= TOLD_OF_A_KIND) {
      watch.finding(sentence);
    }
  }

  /** How much there is of a kind. */
  long count(String kind) {
    return counts.getOrDefault(kind, 0L);
  }

  boolean isEmpty() {
    return counts.isEmpty();
  }

  /** Tells how much has not been told. */
  void finish() {
    counts.forEach(
        (kind, count) -> {
          if (count > TOLD_OF_A_KIND) {
            watch.finding((count - TOLD_OF_A_KIND) + " more findings of the kind: " + kind);
          }
        });
  }
}
