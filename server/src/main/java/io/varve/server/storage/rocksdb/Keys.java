package io.varve.server.storage.rocksdb;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventPlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * Keys and small values as bytes. Numbers in keys are big-endian, so that byte order is numeric
 * order.
 */
final class Keys {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Keys() {}

  static byte[] ofLong(long value) {
    byte[] key = new byte[Long.BYTES];
    LONG.set(key, 0, value);
    return key;
  }

  static long toLong(byte[] key, int offset) {
    if (key.length < offset + Long.BYTES) {
      throw new DamagedDataException(0, "a key of " + key.length + " bytes is too short");
    }
    return (long) LONG.get(key, offset);
  }

  /** Stream number, then version: a stream's events lie together, oldest first. */
  static byte[] ofStreamVersion(long streamNumber, long version) {
    byte[] key = new byte[2 * Long.BYTES];
    LONG.set(key, 0, streamNumber);
    LONG.set(key, Long.BYTES, version);
    return key;
  }

  static byte[] ofEventId(UUID id) {
    byte[] key = new byte[2 * Long.BYTES];
    LONG.set(key, 0, id.getMostSignificantBits());
    LONG.set(key, Long.BYTES, id.getLeastSignificantBits());
    return key;
  }

  /** Three varints: position, stream number, version. */
  static byte[] ofPlace(long position, long streamNumber, long version) {
    byte[] value =
        new byte
            [CodedOutputStream.computeUInt64SizeNoTag(position)
                + CodedOutputStream.computeUInt64SizeNoTag(streamNumber)
                + CodedOutputStream.computeUInt64SizeNoTag(version)];
    CodedOutputStream out = CodedOutputStream.newInstance(value);
    try {
      out.writeUInt64NoTag(position);
      out.writeUInt64NoTag(streamNumber);
      out.writeUInt64NoTag(version);
    } catch (IOException e) {
      throw new UncheckedIOException("an array that was measured is too short", e);
    }
    return value;
  }

  static EventPlace toPlace(byte[] value) {
    CodedInputStream in = CodedInputStream.newInstance(value);
    try {
      return new EventPlace(in.readUInt64(), in.readUInt64(), in.readUInt64());
    } catch (IOException e) {
      DamagedDataException damaged =
          new DamagedDataException(0, "an event id's place cannot be read");
      damaged.initCause(e);
      throw damaged;
    }
  }
}
