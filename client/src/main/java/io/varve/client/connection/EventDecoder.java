package io.varve.client.connection;

import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Goes over the bytes of one message and makes recorded events of them at once, without the
 * messages and builders that the generated parser makes on the way. Nothing that it gives holds on
 * to the bytes.
 *
 * <p>It takes what is plain: well-formed, with payloads in bytes, each event one that the API can
 * say. At anything else, be it damage or merely rare, it gives up: {@link #isPlain} is false from
 * then on, there is nothing more to read, and what was read counts for nothing. The message is then
 * for the generated parser and {@link ProtoMapping}, which know everything the wire may carry, and
 * alone decide what is an error and which one. So two things must hold, and a test at random sees
 * to it: what this class makes of a message is what they would make of it, and what the server
 * usually sends is plain.
 */
final class EventDecoder {

  /*
   * As the generated parser does: a single field that comes twice counts as it came last, a nested
   * message that comes twice is merged, fields may come in any order, and those that nobody knows
   * are passed over.
   *
   * Giving up moves `at` behind everything, where no read finds a byte and every loop ends.
   */
  private static final int NOWHERE = Integer.MAX_VALUE;

  private static final int ID_LENGTH = 36;
  private static final byte[] NIBBLES = nibbles();

  private final byte[] bytes;
  private final ByteBuffer payload;
  private final RecentTexts texts;

  // Of the event that is being read.
  private final List<String> metadata = new ArrayList<>(); // key, value, key, value …
  private final List<String> tags = new ArrayList<>();
  private final Time recordedAt = new Time();
  private final Time occurredAt = new Time();

  private int at;
  private int end; // of the nested message that is being read
  private boolean plain = true;

  /**
   * @param bytes holds the message, and is not changed as long as this is in use
   * @param length how many of them are the message
   */
  EventDecoder(byte[] bytes, int length) {
    this.bytes = bytes;
    this.payload = ByteBuffer.wrap(bytes);
    this.texts = new RecentTexts(bytes);
    this.end = length;
  }

  /** Whether all that was read so far was plain. */
  boolean isPlain() {
    return plain;
  }

  /** Whether the message that is being read goes on. */
  boolean hasMore() {
    return at < end;
  }

  /** Gives up. Returns 0, which is no tag, and an empty length. */
  int giveUp() {
    plain = false;
    at = NOWHERE;
    return 0;
  }

  /** The next field's number and type. */
  int tag() {
    long tag = varint();
    return tag == (int) tag ? (int) tag : giveUp();
  }

  long varint() {
    if (at < end && bytes[at] >= 0) {
      return bytes[at++];
    }
    long value = 0;
    for (int shift = 0; shift < Long.SIZE && at < end; shift += 7) {
      byte next = bytes[at++];
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        // A tenth byte that is not 1 has bits too many, and parsers differ about what it means.
        return shift < 63 || next == 1 ? value : giveUp();
      }
    }
    return giveUp();
  }

  private int length() {
    long length = varint();
    return length >= 0 && length <= (long) end - at ? (int) length : giveUp();
  }

  /**
   * Begins a nested message, to be read until there is no more of it.
   *
   * @return for {@link #leave}
   */
  int enter() {
    int length = length();
    int outer = end;
    end = Math.min(outer, at + length);
    return outer;
  }

  /** Goes on with the message around the one that has been read. */
  void leave(int outer) {
    end = outer;
  }

  /** Passes over a field that nobody knows. */
  void skip(int tag) {
    if (tag >>> 3 == 0) {
      giveUp();
      return;
    }
    switch (tag & 7) {
      case 0 -> varint();
      case 1 -> skipBytes(Long.BYTES);
      case 2 -> skipBytes(length());
      case 5 -> skipBytes(Integer.BYTES);
      default -> giveUp(); // a group
    }
  }

  private void skipBytes(int count) {
    if (count <= (long) end - at) {
      at += count;
    } else {
      giveUp();
    }
  }

  /** A nested message of any kind, as the bytes that it consists of. */
  ByteBuffer bytes() {
    int length = length();
    if (!plain) {
      return ByteBuffer.allocate(0);
    }
    ByteBuffer value = ByteBuffer.wrap(bytes, at, length);
    at += length;
    return value;
  }

  private String text() {
    int length = length();
    String text = plain ? texts.text(at, length) : "";
    if (text == null) {
      giveUp();
      return "";
    }
    skipBytes(length);
    return text;
  }

  /** A nested event. Null: it is not plain. */
  @Nullable RecordedEvent event() {
    int outer = enter();
    long position = 0;
    long version = 0;
    String stream = "";
    UUID id = null;
    String type = "";
    int data = at;
    int dataLength = 0;
    String contentType = "";
    metadata.clear();
    tags.clear();
    recordedAt.clear();
    occurredAt.clear();
    while (hasMore()) {
      int tag = tag();
      switch (tag) {
        case 1 << 3 -> position = varint();
        case 2 << 3 -> version = varint();
        case 3 << 3 | 2 -> time(recordedAt);
        case 4 << 3 | 2 -> stream = text();
        case 5 << 3 | 2 -> id = id();
        case 6 << 3 | 2 -> type = text();
        case 7 << 3 | 2 -> {
          dataLength = length();
          data = at;
          skipBytes(dataLength);
        }
        case 8 << 3 | 2 -> giveUp(); // the payload as JSON, which this client never asks for
        case 9 << 3 | 2 -> contentType = text();
        case 10 << 3 | 2 -> entry();
        case 11 << 3 | 2 -> tags.add(text());
        case 12 << 3 | 2 -> time(occurredAt);
        case 13 << 3 | 2 -> tracking();
        default -> skip(tag);
      }
    }
    leave(outer);
    Instant recorded = recordedAt.instant();
    Instant occurred = occurredAt.instant();
    if (!plain
        || id == null
        || position < 1
        || version < 1
        || recorded == null
        || occurred == null) {
      giveUp();
      return null;
    }
    NewEvent.Builder event =
        NewEvent.builder(type).id(id).data(payload.clear().position(data).limit(data + dataLength));
    if (!contentType.isEmpty()) {
      event.contentType(contentType);
    }
    for (int i = 0; i < metadata.size(); i += 2) {
      event.metadata(metadata.get(i), metadata.get(i + 1));
    }
    for (int i = 0; i < tags.size(); i++) {
      event.tag(tags.get(i));
    }
    if (occurredAt.given) {
      event.occurredAt(occurred);
    }
    return new RecordedEvent(stream, version, position, recorded, event.build());
  }

  private void entry() {
    int outer = enter();
    String key = "";
    String value = "";
    while (hasMore()) {
      switch (tag()) {
        case 1 << 3 | 2 -> key = text();
        case 2 << 3 | 2 -> value = text();
        default -> giveUp();
      }
    }
    leave(outer);
    metadata.add(key);
    metadata.add(value);
  }

  /** The API does not show it, but bytes that are no UTF-8 are an error here as well. */
  private void tracking() {
    int outer = enter();
    while (hasMore()) {
      int tag = tag();
      switch (tag) {
        case 1 << 3 | 2 -> text();
        case 2 << 3 -> varint();
        default -> skip(tag);
      }
    }
    leave(outer);
  }

  private void time(Time time) {
    int outer = enter();
    time.given = true;
    while (hasMore()) {
      int tag = tag();
      switch (tag) {
        case 1 << 3 -> time.seconds = varint();
        case 2 << 3 -> time.nanos = (int) varint();
        default -> skip(tag);
      }
    }
    leave(outer);
  }

  /** A UUID in its usual form. */
  private @Nullable UUID id() {
    if (length() != ID_LENGTH) {
      giveUp();
      return null;
    }
    int start = at;
    at += ID_LENGTH;
    long first = hex(start, 8);
    long second = hex(start + 9, 4);
    long third = hex(start + 14, 4);
    long fourth = hex(start + 19, 4);
    long fifth = hex(start + 24, 12);
    boolean dashes =
        bytes[start + 8] == '-'
            && bytes[start + 13] == '-'
            && bytes[start + 18] == '-'
            && bytes[start + 23] == '-';
    if ((first | second | third | fourth | fifth) < 0 || !dashes) {
      giveUp();
      return null;
    }
    return new UUID(first << 32 | second << 16 | third, fourth << 48 | fifth);
  }

  /** Up to 12 hexadecimal digits; below 0: not all of them are. */
  private long hex(int start, int digits) {
    long value = 0;
    int signs = 0;
    for (int i = start; i < start + digits; i++) {
      int nibble = NIBBLES[bytes[i] & 0xff];
      signs |= nibble;
      value = value << 4 | nibble;
    }
    return signs < 0 ? -1 : value;
  }

  private static byte[] nibbles() {
    byte[] nibbles = new byte[256];
    for (int c = 0; c < nibbles.length; c++) {
      nibbles[c] = (byte) (c < 128 ? Character.digit(c, 16) : -1);
    }
    return nibbles;
  }

  /** A time on the wire. Events of one commit have the same one, which is made once. */
  private static final class Time {

    private static final long FIRST_SECOND = Instant.parse("0001-01-01T00:00:00Z").getEpochSecond();
    private static final long LAST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

    private boolean given;
    private long seconds;
    private int nanos;
    private Instant last = Instant.EPOCH;

    private void clear() {
      given = false;
      seconds = 0;
      nanos = 0;
    }

    /** Null: it is not one from year 1 to year 9999. */
    private @Nullable Instant instant() {
      if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > 999_999_999) {
        return null;
      }
      if (seconds != last.getEpochSecond() || nanos != last.getNano()) {
        last = Instant.ofEpochSecond(seconds, nanos);
      }
      return last;
    }
  }
}
