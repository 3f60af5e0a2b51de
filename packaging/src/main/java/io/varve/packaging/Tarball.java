package io.varve.packaging;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.Deflater;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;
import org.jspecify.annotations.Nullable;

/** A gzipped tar archive. Every file has the same time and its owner by number. */
final class Tarball {
  private Tarball() {}

  static void write(Path file, String prefix, List<Entry> entries, Instant time)
      throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      write(out, prefix, entries, time);
    }
  }

  private static void write(OutputStream out, String prefix, List<Entry> entries, Instant time)
      throws IOException {
    // Nearly all of it is JARs, which are compressed already.
    GzipParameters parameters = new GzipParameters();
    parameters.setCompressionLevel(Deflater.BEST_SPEED);
    try (OutputStream gzip = new GzipCompressorOutputStream(out, parameters)) {
      writePlain(gzip, prefix, entries, time);
    }
  }

  static byte[] bytes(String prefix, List<Entry> entries, Instant time) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(bytes, prefix, entries, time);
    return bytes.toByteArray();
  }

  /** Without compression. Does not close the stream. */
  static void writePlain(OutputStream out, String prefix, List<Entry> entries, Instant time)
      throws IOException {
    TarArchiveOutputStream tar = new TarArchiveOutputStream(out);
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
    Set<String> folders = new HashSet<>();
    for (Entry entry : entries) {
      if (entry.path().endsWith("/")) {
        folders.add(prefix + entry.path());
      }
    }
    Set<String> written = new HashSet<>();
    for (Entry entry : entries) {
      String path = prefix + entry.path();
      for (int slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
        String folder = path.substring(0, slash + 1);
        if (!folders.contains(folder) && written.add(folder)) {
          put(tar, folder(folder, 0755, 0), null, time);
        }
      }
      TarArchiveEntry header;
      if (entry.link() != null) {
        header = new TarArchiveEntry(path, TarConstants.LF_SYMLINK);
        header.setLinkName(entry.link());
      } else if (entry.source() == null) {
        header = folder(path, entry.mode(), entry.owner());
      } else {
        header = new TarArchiveEntry(path);
        header.setSize(Files.size(entry.source()));
        header.setMode(0100000 | entry.mode());
      }
      header.setIds(Math.toIntExact(entry.owner()), Math.toIntExact(entry.owner()));
      put(tar, header, entry.source(), time);
    }
    tar.finish();
  }

  private static TarArchiveEntry folder(String path, int mode, long owner) {
    TarArchiveEntry folder = new TarArchiveEntry(path);
    folder.setMode(040000 | mode);
    folder.setIds(Math.toIntExact(owner), Math.toIntExact(owner));
    return folder;
  }

  private static void put(
      TarArchiveOutputStream tar, TarArchiveEntry header, @Nullable Path content, Instant time)
      throws IOException {
    header.setLastModifiedTime(FileTime.from(time));
    header.setUserName("");
    header.setGroupName("");
    tar.putArchiveEntry(header);
    if (content != null) {
      Files.copy(content, tar);
    }
    tar.closeArchiveEntry();
  }
}
