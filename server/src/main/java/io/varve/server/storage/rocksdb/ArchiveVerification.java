package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.Verification;
import io.varve.server.storage.VerifyWatch;
import io.varve.server.storage.archive.ArchiveFiles;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the archive's files. What their catalogue is in itself, {@link LogVerification} tells.
 */
final class ArchiveVerification implements Verification {
  private static final String KIND = "archive segments that are not as they should be";

  private final Database log;
  private final @Nullable ArchiveFiles files;

  /**
   * @param files where the files are; null when nobody has said so
   */
  ArchiveVerification(Database log, @Nullable ArchiveFiles files) {
    this.log = log;
    this.files = files;
  }

  @Override
  public void run(VerifyWatch watch) {
    UUID storeId = LogDatabase.storeIdOf(log);
    if (storeId == null) {
      return; // told of the log
    }
    try (Database.View view = log.view()) {
      List<ArchiveSegment> segments = LogDatabase.segmentsIn(view);
      if (segments.isEmpty() && files == null) {
        return;
      }
      watch.stage("the archive");
      long last = segments.isEmpty() ? 0 : segments.getLast().lastPosition();
      if (files == null) {
        watch.finding(
            "events up to position "
                + last
                + " are in the archive, and no archive folder is set: they cannot be read");
        return;
      }
      Findings findings = new Findings(watch);
      ArchiveCheck check =
          new ArchiveCheck(
              view, files, storeId, sentence -> findings.add(KIND, sentence), watch::read);
      for (ArchiveSegment segment : segments) {
        check.check(segment);
        watch.examined(segment.lastPosition(), last);
      }
      findings.finish();
      noteStrays(segments, files, watch);
    } catch (DamagedDataException toldOfTheLog) {
      watch.note("the archive's files were not verified: the catalogue cannot be read");
    }
  }

  private static void noteStrays(
      List<ArchiveSegment> segments, ArchiveFiles files, VerifyWatch watch) {
    Set<String> known = new HashSet<>();
    segments.forEach(segment -> known.add(segment.file()));
    try {
      for (String name : files.names()) {
        if (!known.contains(name)) {
          watch.note(
              "the file "
                  + name
                  + " in "
                  + files.location()
                  + " is not in the archive's catalogue: left by a crash, or of another copy of"
                  + " this store");
        }
      }
    } catch (IOException e) {
      watch.finding("the archive in " + files.location() + " cannot be listed: " + e.getMessage());
    }
  }
}
