package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Holds the archive's catalogue, which is in the log's database, against the log's chunks: archive
 * segments follow one another from the first position on, outlines stand only where one of them has
 * the events, and there are not more of them than it has events.
 */
final class CatalogueCheck {
  private static final String CATALOGUE = "entries of the archive's catalogue";
  private static final String OUTLINES = "outlines whose events no archive segment has";

  private final Findings findings;
  private final List<ArchiveSegment> segments = new ArrayList<>();
  private final long outlinedThrough;
  private final boolean readable;
  private final int format;

  /** How many events the log knows of each segment. */
  private final List<Long> counts = new ArrayList<>();

  private int at;

  CatalogueCheck(Database.View log, Findings findings) {
    this.findings = findings;
    this.outlinedThrough = LogDatabase.outlinedIn(log);
    this.format = LogDatabase.formatIn(log);
    boolean[] all = {true};
    log.visit(
        LogDatabase.ARCHIVE,
        new byte[0],
        (key, value) -> {
          try {
            segments.add(StoredSegment.decode(Keys.toLong(key, 0), value));
            counts.add(0L);
          } catch (DamagedDataException e) {
            all[0] = false;
            findings.add(CATALOGUE, String.valueOf(e.getMessage()));
          }
          return Database.Visit.CONTINUE;
        });
    this.readable = all[0];
  }

  /** The last position that an archive segment covers; 0 for none. */
  long archivedThrough() {
    return segments.isEmpty() ? 0 : segments.getLast().lastPosition();
  }

  /** A chunk of the log, one after the other. */
  void chunk(Chunk chunk) {
    if (!readable) {
      return;
    }
    if (chunk.outlined() && chunk.lastPosition() > archivedThrough()) {
      findings.add(
          OUTLINES,
          "the log's chunk at position "
              + chunk.firstPosition()
              + " holds outlines, and the archive's catalogue has no segment for positions up to "
              + chunk.lastPosition()
              + ": the events are lost");
    } else if (!chunk.outlined() && chunk.lastPosition() <= outlinedThrough) {
      findings.add(
          CATALOGUE,
          "the log's chunk at position "
              + chunk.firstPosition()
              + " holds events, though they are said to be in the archive alone, up to position "
              + outlinedThrough);
    }
    while (at < segments.size() && segments.get(at).lastPosition() < chunk.firstPosition()) {
      at++;
    }
    if (at < segments.size() && segments.get(at).firstPosition() <= chunk.firstPosition()) {
      counts.set(at, counts.get(at) + chunk.events().size());
      if (chunk.lastPosition() > segments.get(at).lastPosition()) {
        findings.add(
            CATALOGUE,
            "the archive segment "
                + segments.get(at).file()
                + " ends at position "
                + segments.get(at).lastPosition()
                + ", within the log's chunk at position "
                + chunk.firstPosition());
      }
    }
  }

  /**
   * All chunks have been seen.
   *
   * @param last the log's last position
   */
  void finish(long last) {
    long due = 1;
    Set<String> names = new HashSet<>();
    for (int i = 0; i < segments.size(); i++) {
      ArchiveSegment segment = segments.get(i);
      if (readable && segment.firstPosition() != due) {
        findings.add(
            CATALOGUE,
            "the archive's catalogue has no segment for positions "
                + due
                + " to "
                + (segment.firstPosition() - 1)
                + ": the entry is lost, or another one is wrong");
      }
      due = segment.lastPosition() + 1;
      if (!names.add(segment.file())) {
        findings.add(
            CATALOGUE, "the archive's catalogue names the file " + segment.file() + " twice");
      }
      if (counts.get(i) > segment.events()) {
        findings.add(
            CATALOGUE,
            "the log has "
                + counts.get(i)
                + " events of the archive segment "
                + segment.file()
                + ", and the catalogue says that it has "
                + segment.events());
      }
    }
    if (archivedThrough() > last) {
      findings.add(
          CATALOGUE,
          "the archive goes up to position "
              + archivedThrough()
              + ", and the log only to "
              + last
              + ": the log has lost events");
    }
    if (readable && outlinedThrough > archivedThrough()) {
      findings.add(
          CATALOGUE,
          "the log says that it has outlines up to position "
              + outlinedThrough
              + ", and the archive's catalogue goes up to "
              + archivedThrough());
    }
    if (!segments.isEmpty() && format != LogDatabase.DATA_FORMAT_WITH_ARCHIVE) {
      findings.add(
          CATALOGUE,
          "the data folder has an archive, and data format "
              + format
              + ", by which an older release would open it");
    }
  }
}
