package io.varve.server.backup;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * By what a file that never changes is known again: its name, its length, and the SHA-256 of its
 * last 64 KiB. There RocksDB keeps the file's properties, among them the id of the session that
 * wrote it, which no other file of that name has.
 */
final class Fingerprint {
  private static final int BYTES = 64 * 1024;
  private static final int DIGITS = 32;

  private Fingerprint() {}

  static String of(Path file) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      long length = in.length();
      byte[] end = new byte[(int) Math.min(BYTES, length)];
      in.seek(length - end.length);
      in.readFully(end);
      return Sha256.of(end).substring(0, DIGITS);
    }
  }
}
