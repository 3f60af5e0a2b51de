package io.varve.server.storage.rocksdb;

import com.google.protobuf.CodedOutputStream;
import java.util.Arrays;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * A RocksDB write batch built as bytes on the heap and handed over in one call, since a call into
 * the native library for every put costs more than the put.
 *
 * <p>The format is RocksDB's own (write_batch.cc): a header of 8 bytes sequence number (zero; the
 * database fills it in) and 4 bytes little-endian count, then records: type, column family id as
 * varint, key and value each behind its length as varint. It is what the write-ahead log holds, so
 * it does not change between releases. Not thread-safe.
 */
final class BatchBytes {
  private static final int HEADER_BYTES = 12;
  private static final int COUNT_OFFSET = 8;

  /**
   * kTypeColumnFamilyValue of RocksDB's dbformat.h: a put into a column family other than the
   * default.
   */
  private static final byte PUT = 0x5;

  /** kTypeColumnFamilyDeletion and kTypeColumnFamilyMerge of the same. */
  private static final byte DELETE = 0x4;

  private static final byte MERGE = 0x6;

  /** kTypeColumnFamilyRangeDeletion of the same. */
  private static final byte DELETE_RANGE = 0xE;

  private byte[] bytes;
  private int length = HEADER_BYTES;
  private int count;

  BatchBytes(int expectedBytes) {
    bytes = new byte[Math.max(64, expectedBytes)];
  }

  /** Adds a put. The default column family has another record type and is not used by Varve. */
  void put(int columnFamilyId, byte[] key, byte[] value) {
    put(columnFamilyId, key, value, value, 0, 0);
  }

  /** Adds a put of a value that lies in two parts. */
  void put(int columnFamilyId, byte[] key, byte[] value, byte[] rest) {
    put(columnFamilyId, key, value, rest, 0, rest.length);
  }

  /** Adds a put of a value that lies in two parts, the second being a piece of an array. */
  void put(
      int columnFamilyId, byte[] key, byte[] value, byte[] rest, int restOffset, int restLength) {
    int valueLength = value.length + restLength;
    begin(PUT, columnFamilyId, key, valueLength);
    varint(valueLength);
    copy(value, 0, value.length);
    copy(rest, restOffset, restLength);
  }

  /** Adds the deletion of a key, which need not be there. */
  void delete(int columnFamilyId, byte[] key) {
    begin(DELETE, columnFamilyId, key, 0);
  }

  /** Adds the deletion of all keys from one up to another (exclusive). */
  void deleteRange(int columnFamilyId, byte[] from, byte[] until) {
    begin(DELETE_RANGE, columnFamilyId, from, until.length);
    varint(until.length);
    copy(until, 0, until.length);
  }

  /** Adds a value that the column family's merge operator joins with the one that is there. */
  void merge(int columnFamilyId, byte[] key, byte[] value) {
    begin(MERGE, columnFamilyId, key, value.length);
    varint(value.length);
    copy(value, 0, value.length);
  }

  /** Adds a record up to its key. */
  private void begin(byte type, int columnFamilyId, byte[] key, int valueLength) {
    if (columnFamilyId == 0) {
      throw new IllegalArgumentException("the default column family holds nothing");
    }
    reserve(16 + key.length + valueLength);
    bytes[length++] = type;
    varint(columnFamilyId);
    varint(key.length);
    copy(key, 0, key.length);
    count++;
  }

  int length() {
    return length;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The batch as RocksDB takes it. Whoever gets it closes it. */
  WriteBatch toWriteBatch() throws RocksDBException {
    for (int i = 0; i < 4; i++) {
      bytes[COUNT_OFFSET + i] = (byte) (count >>> (8 * i));
    }
    return new WriteBatch(Arrays.copyOf(bytes, length));
  }

  private void varint(int value) {
    int size = CodedOutputStream.computeUInt32SizeNoTag(value);
    int rest = value;
    for (int i = 1; i < size; i++) {
      bytes[length++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  private void copy(byte[] part, int offset, int partLength) {
    System.arraycopy(part, offset, bytes, length, partLength);
    length += partLength;
  }

  private void reserve(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
