package io.varve.server.storage;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Position;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import io.varve.server.event.Tracking;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Events as the bytes of {@code varve.v1.RecordedEvent}, written without the generated class so
 * that the core stays free of it. A test holds the two against each other.
 *
 * <p>An encoded event is a <em>header</em> (position, version, recorded_at: what the commit
 * assigns) followed by a <em>body</em> (everything else, known at the door). The header's fields
 * have the lowest numbers, so the two laid end to end are exactly what protobuf itself would write.
 * In pages, chunks and responses an event stands in a <em>frame</em>: the tag of a repeated field
 * with number 1, the length, the event.
 */
public final class EventCodec {
  /** The first byte of every frame: field 1, length-delimited. */
  public static final byte FRAME_TAG = (1 << 3) | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private static final int POSITION = 1;
  private static final int VERSION = 2;
  private static final int RECORDED_AT = 3;
  private static final int STREAM = 4;
  private static final int ID = 5;
  private static final int TYPE = 6;
  private static final int DATA = 7;
  private static final int CONTENT_TYPE = 9;
  private static final int METADATA = 10;
  private static final int TAGS = 11;
  private static final int OCCURRED_AT = 12;
  private static final int TRACKING = 13;

  // As they stand before the texts that queries look at.
  static final int STREAM_TAG = (STREAM << 3) | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  static final int TYPE_TAG = (TYPE << 3) | WireFormat.WIRETYPE_LENGTH_DELIMITED;
  static final int TAGS_TAG = (TAGS << 3) | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private static final int MAP_KEY = 1;
  private static final int MAP_VALUE = 2;
  private static final int SECONDS = 1;
  private static final int NANOS = 2;
  private static final int SOURCE = 1;
  private static final int SOURCE_POSITION = 2;

  private EventCodec() {}

  // ---- writing

  /** The same as {@link #encodeBody(StreamId, NewEvent, Tracking)} without tracking. */
  public static byte[] encodeBody(StreamId stream, NewEvent event) {
    return encodeBody(stream, event, null);
  }

  /**
   * Everything of a recorded event that is known before its commit.
   *
   * @param tracking the consumer's progress that is stored with its append; null for none
   */
  public static byte[] encodeBody(StreamId stream, NewEvent event, @Nullable Tracking tracking) {
    String id = event.id().toString();
    int size =
        CodedOutputStream.computeStringSize(STREAM, stream.value())
            + CodedOutputStream.computeStringSize(ID, id)
            + CodedOutputStream.computeStringSize(TYPE, event.type());
    if (event.data().length > 0) {
      size += CodedOutputStream.computeByteArraySize(DATA, event.data());
    }
    if (!event.contentType().isEmpty()) {
      size += CodedOutputStream.computeStringSize(CONTENT_TYPE, event.contentType());
    }
    for (Map.Entry<String, String> entry : event.metadata().entrySet()) {
      size += messageSize(METADATA, metadataSize(entry));
    }
    for (String tag : event.tags()) {
      size += CodedOutputStream.computeStringSize(TAGS, tag);
    }
    if (event.occurredAt() != null) {
      size += messageSize(OCCURRED_AT, instantSize(event.occurredAt()));
    }
    if (tracking != null) {
      size += messageSize(TRACKING, trackingSize(tracking));
    }
    byte[] bytes = new byte[size];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeString(STREAM, stream.value());
      out.writeString(ID, id);
      out.writeString(TYPE, event.type());
      if (event.data().length > 0) {
        out.writeByteArray(DATA, event.data());
      }
      if (!event.contentType().isEmpty()) {
        out.writeString(CONTENT_TYPE, event.contentType());
      }
      for (Map.Entry<String, String> entry : event.metadata().entrySet()) {
        out.writeTag(METADATA, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag(metadataSize(entry));
        out.writeString(MAP_KEY, entry.getKey());
        out.writeString(MAP_VALUE, entry.getValue());
      }
      for (String tag : event.tags()) {
        out.writeString(TAGS, tag);
      }
      if (event.occurredAt() != null) {
        writeInstant(out, OCCURRED_AT, event.occurredAt());
      }
      if (tracking != null) {
        out.writeTag(TRACKING, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.writeUInt32NoTag(trackingSize(tracking));
        out.writeString(SOURCE, tracking.source());
        out.writeUInt64(SOURCE_POSITION, tracking.position());
      }
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException("an array that was measured is too short", e);
    }
    return bytes;
  }

  /** What the commit assigns, to stand in front of a body. */
  public static byte[] encodeHeader(long position, long version, Instant recordedAt) {
    byte[] bytes =
        new byte
            [CodedOutputStream.computeUInt64Size(POSITION, position)
                + CodedOutputStream.computeUInt64Size(VERSION, version)
                + messageSize(RECORDED_AT, instantSize(recordedAt))];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeUInt64(POSITION, position);
      out.writeUInt64(VERSION, version);
      writeInstant(out, RECORDED_AT, recordedAt);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException("an array that was measured is too short", e);
    }
    return bytes;
  }

  /** How many bytes a frame of an event of this size takes. */
  public static int frameSize(int eventSize) {
    return 1 + CodedOutputStream.computeUInt32SizeNoTag(eventSize) + eventSize;
  }

  private static int metadataSize(Map.Entry<String, String> entry) {
    return CodedOutputStream.computeStringSize(MAP_KEY, entry.getKey())
        + CodedOutputStream.computeStringSize(MAP_VALUE, entry.getValue());
  }

  private static int trackingSize(Tracking tracking) {
    return CodedOutputStream.computeStringSize(SOURCE, tracking.source())
        + CodedOutputStream.computeUInt64Size(SOURCE_POSITION, tracking.position());
  }

  private static int messageSize(int field, int size) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(size)
        + size;
  }

  /** Size of a google.protobuf.Timestamp; zero fields are left out, as proto3 does. */
  private static int instantSize(Instant instant) {
    long seconds = instant.getEpochSecond();
    int nanos = instant.getNano();
    return (seconds == 0 ? 0 : CodedOutputStream.computeInt64Size(SECONDS, seconds))
        + (nanos == 0 ? 0 : CodedOutputStream.computeInt32Size(NANOS, nanos));
  }

  private static void writeInstant(CodedOutputStream out, int field, Instant instant)
      throws IOException {
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(instantSize(instant));
    long seconds = instant.getEpochSecond();
    int nanos = instant.getNano();
    if (seconds != 0) {
      out.writeInt64(SECONDS, seconds);
    }
    if (nanos != 0) {
      out.writeInt32(NANOS, nanos);
    }
  }

  // ---- reading

  /** How many bytes of an event are enough to read its position. */
  public static final int POSITION_BYTES = 1 + 10;

  /** How many bytes of an event are enough to read its header. */
  public static final int HEADER_BYTES = POSITION_BYTES + (1 + 10) + (2 + (1 + 10) + (1 + 10));

  /** The position of the event whose bytes begin here; its first few bytes are enough. */
  public static long position(byte[] bytes, int offset, int length) {
    if (length > 1 && bytes[offset] == ((POSITION << 3) | WireFormat.WIRETYPE_VARINT)) {
      int end = offset + Math.min(length, POSITION_BYTES);
      long position = 0;
      int shift = 0;
      for (int at = offset + 1; at < end; at++) {
        position |= (long) (bytes[at] & 0x7f) << shift;
        if (bytes[at] >= 0) {
          return position;
        }
        shift += 7;
      }
    }
    return positionOfAnyBytes(bytes, offset, length);
  }

  /** The same for bytes that are perhaps none of an event. */
  private static long positionOfAnyBytes(byte[] bytes, int offset, int length) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    try {
      if (in.readTag() != ((POSITION << 3) | WireFormat.WIRETYPE_VARINT)) {
        throw new DamagedDataException(0, "an event's bytes do not begin with its position");
      }
      return in.readUInt64();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** The version of an event; decodes nothing behind it. */
  static long version(byte[] bytes, int offset, int length) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) == VERSION) {
          return in.readUInt64();
        }
        in.skipField(tag);
      }
      throw new DamagedDataException(0, "an event has no version");
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** CRC32C of the name of an event's stream; decodes nothing behind it. */
  static int streamHash(byte[] bytes, int offset, int length) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) == STREAM) {
          int size = in.readRawVarint32();
          int start = offset + in.getTotalBytesRead();
          if (size < 0 || size > offset + length - start) {
            throw new DamagedDataException(0, "the name of an event's stream is cut off");
          }
          CRC32C hash = new CRC32C();
          hash.update(bytes, start, size);
          return (int) hash.getValue();
        }
        in.skipField(tag);
      }
      throw new DamagedDataException(0, "an event has no stream");
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** What the commit assigned to the event whose bytes begin here; they may end behind it. */
  public static EventHeader header(byte[] bytes, int offset, int length) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    long position = 0;
    long version = 0;
    Instant recordedAt = Instant.EPOCH;
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (WireFormat.getTagFieldNumber(tag)) {
          case POSITION -> position = in.readUInt64();
          case VERSION -> version = in.readUInt64();
          case RECORDED_AT -> recordedAt = readInstant(in);
          default -> {
            return new EventHeader(position, version, recordedAt);
          }
        }
      }
      return new EventHeader(position, version, recordedAt);
    } catch (IOException | DateTimeException | ArithmeticException e) {
      throw unreadable(e);
    }
  }

  /**
   * What is kept of an event when it has been moved to the archive: the same bytes without payload,
   * content type, metadata and business time. All that filters and indexes look at is there.
   */
  public static byte[] outline(byte[] bytes, int offset, int length) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    byte[] outline = new byte[length];
    int kept = 0;
    int begin = 0;
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        in.skipField(tag);
        int end = in.getTotalBytesRead();
        boolean keeps =
            switch (WireFormat.getTagFieldNumber(tag)) {
              case POSITION, VERSION, RECORDED_AT, STREAM, ID, TYPE, TAGS -> true;
              default -> false;
            };
        if (keeps) {
          System.arraycopy(bytes, offset + begin, outline, kept, end - begin);
          kept += end - begin;
        }
        begin = end;
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return Arrays.copyOf(outline, kept);
  }

  /** The parts of an event that filters and indexes look at. */
  static EventSummary summary(byte[] bytes, int offset, int length) {
    RecordedEvent event = decode(bytes, offset, length, false);
    return new EventSummary(
        event.position().value(),
        event.version().value(),
        event.recordedAt(),
        event.stream(),
        event.id(),
        event.type(),
        event.tags());
  }

  /** The whole event. */
  static RecordedEvent decode(byte[] bytes, int offset, int length) {
    return decode(bytes, offset, length, true);
  }

  private static RecordedEvent decode(byte[] bytes, int offset, int length, boolean whole) {
    CodedInputStream in = CodedInputStream.newInstance(bytes, offset, length);
    long position = 0;
    long version = 0;
    Instant recordedAt = Instant.EPOCH;
    String stream = "";
    String id = "";
    String type = "";
    byte[] data = EMPTY;
    String contentType = "";
    Map<String, String> metadata = Map.of();
    List<String> tags = List.of();
    @Nullable Instant occurredAt = null;
    @Nullable Tracking tracking = null;
    try {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        int field = WireFormat.getTagFieldNumber(tag);
        switch (field) {
          case POSITION -> position = in.readUInt64();
          case VERSION -> version = in.readUInt64();
          case RECORDED_AT -> recordedAt = readInstant(in);
          case STREAM -> stream = in.readStringRequireUtf8();
          case ID -> id = in.readStringRequireUtf8();
          case TYPE -> type = in.readStringRequireUtf8();
          case TAGS -> {
            tags = tags.isEmpty() ? new ArrayList<>() : tags;
            tags.add(in.readStringRequireUtf8());
          }
          default -> {
            if (!whole) {
              in.skipField(tag);
              continue;
            }
            switch (field) {
              case DATA -> data = in.readByteArray();
              case CONTENT_TYPE -> contentType = in.readStringRequireUtf8();
              case METADATA -> {
                metadata = metadata.isEmpty() ? new LinkedHashMap<>() : metadata;
                readMetadata(in, metadata);
              }
              case OCCURRED_AT -> occurredAt = readInstant(in);
              case TRACKING -> tracking = readTracking(in);
              default -> in.skipField(tag);
            }
          }
        }
      }
      return new RecordedEvent(
          new Position(position),
          new StreamVersion(version),
          recordedAt,
          new StreamId(stream),
          UUID.fromString(id),
          type,
          data,
          contentType,
          Collections.unmodifiableMap(metadata),
          Collections.unmodifiableList(tags),
          occurredAt,
          tracking);
    } catch (IOException
        | IllegalArgumentException
        | DateTimeException
        | ArithmeticException e) { // the last two: a time beyond what an Instant can hold
      throw unreadable(e);
    }
  }

  private static final byte[] EMPTY = {};

  private static void readMetadata(CodedInputStream in, Map<String, String> metadata)
      throws IOException {
    int limit = in.pushLimit(in.readRawVarint32());
    String key = "";
    String value = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case MAP_KEY -> key = in.readStringRequireUtf8();
        case MAP_VALUE -> value = in.readStringRequireUtf8();
        default -> in.skipField(tag);
      }
    }
    in.popLimit(limit);
    metadata.put(key, value);
  }

  private static Instant readInstant(CodedInputStream in) throws IOException {
    int limit = in.pushLimit(in.readRawVarint32());
    long seconds = 0;
    int nanos = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case SECONDS -> seconds = in.readInt64();
        case NANOS -> nanos = in.readInt32();
        default -> in.skipField(tag);
      }
    }
    in.popLimit(limit);
    return Instant.ofEpochSecond(seconds, nanos);
  }

  private static Tracking readTracking(CodedInputStream in) throws IOException {
    int limit = in.pushLimit(in.readRawVarint32());
    String source = "";
    long position = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case SOURCE -> source = in.readStringRequireUtf8();
        case SOURCE_POSITION -> position = in.readUInt64();
        default -> in.skipField(tag);
      }
    }
    in.popLimit(limit);
    return new Tracking(source, position);
  }

  static DamagedDataException unreadable(Exception cause) {
    DamagedDataException damaged =
        new DamagedDataException(0, "stored bytes cannot be read as an event");
    damaged.initCause(cause);
    return damaged;
  }
}
