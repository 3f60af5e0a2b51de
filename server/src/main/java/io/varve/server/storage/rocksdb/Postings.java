package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The positions of a term within one segment of the log, as bytes.
 *
 * <pre>
 *   key     term in UTF-8 | 0x00 | first position of the segment (8 bytes, big-endian)
 *   value   count | first position of the term minus that of the segment | gap | gap …   (varints)
 * </pre>
 *
 * <p>A term's keys lie together, oldest segment first, and terms lie in the order of their bytes:
 * no name, type or tag holds a NUL. A term is what stands before a key's last nine bytes, so two
 * terms never share a key, whatever they hold.
 */
final class Postings {
  /** What a key has behind its term. */
  static final int KEY_SUFFIX_BYTES = 1 + Long.BYTES;

  private static final int VARINT_BYTES = 5;

  /** So many bytes of a value are enough for {@link #count}. */
  static final int COUNT_BYTES = VARINT_BYTES;

  private Postings() {}

  static byte[] key(byte[] term, long segment) {
    byte[] key = Arrays.copyOf(term, term.length + KEY_SUFFIX_BYTES);
    System.arraycopy(Keys.ofLong(segment), 0, key, term.length + 1, Long.BYTES);
    return key;
  }

  /** The first position of the segment that a key is about. */
  static long segmentOf(byte[] key) {
    if (key.length < KEY_SUFFIX_BYTES) {
      throw new DamagedDataException(0, "the index has a term's key of " + key.length + " bytes");
    }
    return Keys.toLong(key, key.length - Long.BYTES);
  }

  static byte[] termOf(byte[] key) {
    segmentOf(key);
    return Arrays.copyOf(key, key.length - KEY_SUFFIX_BYTES);
  }

  /** Whether a key is one of a term's; one that only starts like it may be another's. */
  static boolean isOfTerm(byte[] key, byte[] term) {
    return key.length == term.length + KEY_SUFFIX_BYTES && startsWith(key, term);
  }

  static boolean startsWith(byte[] bytes, byte[] start) {
    return bytes.length >= start.length
        && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
  }

  static byte[] bytes(String term) {
    return term.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The value for rising offsets from the segment's first position.
   *
   * @param count how many of the array's elements there are, at least one
   */
  static byte[] value(int[] offsets, int count) {
    byte[] bytes = new byte[VARINT_BYTES * (count + 1)];
    int length = varint(bytes, 0, count);
    int previous = 0;
    for (int i = 0; i < count; i++) {
      length = varint(bytes, length, offsets[i] - previous);
      previous = offsets[i];
    }
    return Arrays.copyOf(bytes, length);
  }

  private static int varint(byte[] bytes, int at, int value) {
    int next = at;
    int rest = value;
    while (rest > 0x7f) {
      bytes[next++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes[next++] = (byte) rest;
    return next;
  }

  /** How many positions a value has. Its first five bytes are enough. */
  static int count(byte[] value) {
    return new Reader(value).next();
  }

  /** The positions of a value. */
  static long[] positions(long segment, byte[] value) {
    Reader reader = new Reader(value);
    int count = reader.next();
    if (count < 1 || count > value.length) {
      throw damaged();
    }
    long[] positions = new long[count];
    long position = segment;
    for (int i = 0; i < count; i++) {
      position += reader.next();
      positions[i] = position;
    }
    return positions;
  }

  private static DamagedDataException damaged() {
    return new DamagedDataException(0, "a term's positions in the index cannot be read");
  }

  private static final class Reader {
    private final byte[] bytes;
    private int at;

    Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    int next() {
      int value = 0;
      for (int shift = 0; at < bytes.length && shift < 7 * VARINT_BYTES; shift += 7) {
        byte next = bytes[at++];
        value |= (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw damaged();
    }
  }
}
