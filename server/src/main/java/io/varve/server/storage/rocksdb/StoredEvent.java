package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventHeader;
import java.util.Arrays;

/**
 * An entry of the copy by stream and version: an event's bytes; or, once the event is in the
 * archive, a zero and what the commit assigned to it. No event's bytes begin with a zero.
 *
 * @param version the event's version
 * @param value the entry's value
 */
@SuppressWarnings("ArrayRecordComponent") // a view; never compared
record StoredEvent(long version, byte[] value) {
  private static final byte ARCHIVED = 0;

  /** What stands for an event in the archive, given its header's bytes. */
  static byte[] archived(byte[] header) {
    byte[] value = new byte[1 + header.length];
    value[0] = ARCHIVED;
    System.arraycopy(header, 0, value, 1, header.length);
    return value;
  }

  /** The position that an entry's first bytes tell. */
  static long position(byte[] start) {
    int at = isArchived(start) ? 1 : 0;
    return EventCodec.position(start, at, start.length - at);
  }

  /** How many of an entry's first bytes tell its position. */
  static final int POSITION_BYTES = 1 + EventCodec.POSITION_BYTES;

  /** How many of an entry's first bytes tell its header. */
  static final int HEADER_BYTES = 1 + EventCodec.HEADER_BYTES;

  private static boolean isArchived(byte[] value) {
    return isArchived(value.length == 0 ? -1 : value[0] & 0xff);
  }

  /**
   * Whether an entry stands for an event in the archive.
   *
   * @param first its first byte; negative when it is empty
   */
  static boolean isArchived(int first) {
    if (first < 0) {
      throw new DamagedDataException(0, "the index has an empty event");
    }
    return first == ARCHIVED;
  }

  /** Whether the event itself is in the archive. */
  boolean isArchived() {
    return isArchived(value);
  }

  EventHeader header() {
    int at = isArchived() ? 1 : 0;
    return EventCodec.header(value, at, value.length - at);
  }

  @Override
  public String toString() {
    return "version " + version + (isArchived() ? " (archived)" : "") + Arrays.hashCode(value);
  }
}
