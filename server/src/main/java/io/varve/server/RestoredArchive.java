package io.varve.server;

import io.varve.server.backup.BackupException;
import io.varve.server.backup.BackupException.Kind;
import io.varve.server.backup.BackupWatch;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.SegmentReader;
import io.varve.server.storage.archive.SegmentStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Puts the archive's files of a backup back to where a server is to find them. */
final class RestoredArchive {
  private static final int BUFFER_BYTES = 256 * 1024;

  private final ArchiveFiles from;
  private final ArchiveFiles to;

  RestoredArchive(ArchiveFiles from, ArchiveFiles to) {
    this.from = from;
    this.to = to;
  }

  /** Copies what is not there yet, and reads it again. What is there already stays as it is. */
  void copy(List<ArchiveSegment> segments, BackupWatch watch) throws BackupException {
    try {
      Set<String> there = new HashSet<>(to.names());
      long total = segments.stream().mapToLong(ArchiveSegment::fileBytes).sum();
      long done = 0;
      for (ArchiveSegment segment : segments) {
        if (!there.contains(segment.file())) {
          copy(segment);
          check(segment, Kind.DAMAGED, "does not match its checksum");
        } else {
          check(segment, Kind.REFUSED, "is there already, and is not what was written");
        }
        done += segment.fileBytes();
        watch.progress(BackupWatch.Stage.COPYING, done, total);
      }
    } catch (NoSuchFileException e) {
      throw new BackupException(
          Kind.FOLDER_UNUSABLE, "a file of the archive or its folder is missing: " + e, e);
    } catch (IOException e) {
      throw new BackupException(
          Kind.FOLDER_UNUSABLE, "the archive cannot be restored to " + to.location() + ": " + e, e);
    }
  }

  private void copy(ArchiveSegment segment) throws IOException {
    try (InputStream in = new SegmentStream(from, segment.file(), segment.fileBytes());
        ArchiveFiles.Writer out = to.create(segment.file())) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        out.write(buffer, 0, length);
      }
      out.finish();
    }
  }

  private void check(ArchiveSegment segment, Kind kind, String fault)
      throws IOException, BackupException {
    long size = to.size(segment.file());
    if (size != segment.fileBytes()
        || !SegmentReader.sha256(to, segment.file(), size).equals(segment.sha256())) {
      throw new BackupException(
          kind, "the archive's file " + segment.file() + " in " + to.location() + " " + fault);
    }
  }
}
