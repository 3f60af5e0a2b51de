package io.varve.server.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The lines of a file one by one, with the place in bytes and a digest of all up to there. */
final class InputLines implements AutoCloseable {
  /** Far more than the largest event with its payload in Base64. */
  private static final int MAX_LINE_BYTES = 64 << 20;

  private final InputStream input;
  private final MessageDigest digest = sha256();
  private long offset;
  private long number;

  InputLines(InputStream input) {
    this.input = new BufferedInputStream(input, 1 << 16);
  }

  /** A place between two lines. */
  record Place(long offset, long number, MessageDigest upToHere) {
    String sha256() {
      return HexFormat.of().formatHex(copyOf(upToHere).digest());
    }
  }

  /**
   * Passes over the beginning, if it is what this place was in.
   *
   * @return whether it is; if not, these lines are no good any more
   */
  boolean skip(long bytes, long lines, String sha256) throws IOException {
    byte[] block = new byte[1 << 16];
    long left = bytes;
    while (left > 0) {
      int read = input.read(block, 0, (int) Math.min(block.length, left));
      if (read < 0) {
        return false;
      }
      digest.update(block, 0, read);
      left -= read;
    }
    offset = bytes;
    number = lines;
    return place().sha256().equals(sha256);
  }

  /** The next line without its end; null: there is none. */
  @Nullable String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(512);
    int b = input.read();
    if (b < 0) {
      return null;
    }
    number++;
    while (b >= 0 && b != '\n') {
      if (line.size() == MAX_LINE_BYTES) {
        throw new IllegalArgumentException("it is longer than " + MAX_LINE_BYTES + " bytes");
      }
      line.write(b);
      b = input.read();
    }
    byte[] bytes = line.toByteArray();
    digest.update(bytes);
    offset += bytes.length;
    if (b == '\n') {
      digest.update((byte) '\n');
      offset++;
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The number of the line that was read last; the first is 1. */
  long number() {
    return number;
  }

  /** Where the next line begins. */
  Place place() {
    return new Place(offset, number, copyOf(digest));
  }

  @Override
  public void close() throws IOException {
    input.close();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static MessageDigest copyOf(MessageDigest digest) {
    try {
      return (MessageDigest) digest.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's SHA-256 can be copied", e);
    }
  }
}
