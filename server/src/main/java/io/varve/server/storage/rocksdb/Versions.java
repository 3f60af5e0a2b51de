package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.EventSummary;
import java.util.HashMap;
import java.util.Map;

/**
 * Whether the versions of each stream follow each other, told from the log alone, for want of an
 * index. Takes memory for each stream.
 */
final class Versions {
  private static final String KIND = "versions that do not follow each other";

  private final Findings findings;
  private final Map<StreamId, Long> last = new HashMap<>();
  private long missing;

  Versions(Findings findings) {
    this.findings = findings;
  }

  /** The next event of the log. */
  void follow(EventSummary event) {
    Long before = last.put(event.stream(), event.version());
    long due = before == null ? 1 : before + 1;
    if (event.version() < due) {
      findings.add(
          KIND,
          "stream "
              + event.stream()
              + " has version "
              + event.version()
              + " at position "
              + event.position()
              + " where version "
              + due
              + " was due");
    }
    missing += Math.max(0, event.version() - due);
  }

  /**
   * @param holes how many events have been reclaimed
   */
  void finish(long holes) {
    if (missing > holes) {
      findings.add(
          KIND,
          missing
              + " versions of streams are missing, and only "
              + holes
              + " events have been reclaimed");
    }
  }
}
