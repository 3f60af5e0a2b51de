package io.varve.server.storage.rocksdb;

import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventMark;
import io.varve.server.storage.LogExtent;
import io.varve.server.storage.OutsideFile;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.VerifyWatch;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.SegmentStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The log, for a backup to copy, with the files of the archive that its catalogue names.
 *
 * @param archive where those are; null when nobody has said so
 */
record LogSource(Database database, @Nullable ArchiveFiles archive) implements BackupSource {
  /** What the archive's files are below in a backup. */
  static final String ARCHIVE_FOLDER = "archive";

  @Override
  public String name() {
    return FolderPart.LOG.fileName();
  }

  @Override
  public void freeze(Path target) {
    database.freeze(target);
  }

  @Override
  public LogExtent examine(Path frozen, VerifyWatch watch) {
    try (Database copy = LogDatabase.openReadOnly(frozen);
        Database.View view = copy.view()) {
      UUID storeId = LogDatabase.storeIdOf(copy);
      if (storeId == null) {
        throw new DamagedDataException(0, "the log has no store id");
      }
      Findings findings = new Findings(watch);
      LogCheck check = new LogCheck(view, findings);
      check.run(0, _ -> {});
      check.runBeside();
      findings.finish();
      return new LogExtent(
          storeId,
          LogDatabase.formatIn(view),
          check.last(),
          check.events(),
          LogDatabase.newestUpTo(copy, check.last()));
    }
  }

  @Override
  public @Nullable EventMark newestUpTo(Path frozen, long position) {
    try (Database copy = LogDatabase.openReadOnly(frozen)) {
      return LogDatabase.newestUpTo(copy, position);
    }
  }

  @Override
  public List<OutsideFile> outside(Path frozen) {
    List<ArchiveSegment> segments;
    try (Database copy = LogDatabase.openReadOnly(frozen);
        Database.View view = copy.view()) {
      segments = LogDatabase.segmentsIn(view);
    }
    ArchiveFiles files = archive;
    if (segments.isEmpty()) {
      return List.of();
    }
    if (files == null) {
      throw new StorageException(
          "events up to position "
              + segments.getLast().lastPosition()
              + " are in the archive, whose files belong to a backup, and no archive folder is"
              + " set (archive-folder)");
    }
    return segments.stream().<OutsideFile>map(segment -> new Stored(files, segment)).toList();
  }

  private record Stored(ArchiveFiles files, ArchiveSegment segment) implements OutsideFile {
    @Override
    public String path() {
      return ARCHIVE_FOLDER + "/" + segment.file();
    }

    @Override
    public long bytes() {
      return segment.fileBytes();
    }

    @Override
    public String sha256() {
      return segment.sha256();
    }

    @Override
    public InputStream open() {
      return new SegmentStream(files, segment.file(), segment.fileBytes());
    }
  }
}
