package io.varve.server.storage.rocksdb;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A value of the log: the events of a range of positions, behind a header with a checksum.
 *
 * <pre>
 *   0        1               5              9               13
 *   +--------+---------------+--------------+---------------+----------------------------
 *   | format | crc32c (BE)   | count (BE)   | span (BE)     | frames: event after event …
 *   +--------+---------------+--------------+---------------+----------------------------
 * </pre>
 *
 * <p>The key is the first position; {@code span} is the last position minus the first. The checksum
 * covers the key and everything behind the checksum, so that a chunk under the wrong key is damage
 * too.
 *
 * <p>Format 1 has an event at every position of its range. In format 2 some have been reclaimed,
 * perhaps all: it covers the same positions with fewer frames.
 *
 * <p>Format 3 holds outlines: its events are in the archive, and what is left of them here are the
 * parts that filters and indexes look at (events of system streams are whole). It may have holes
 * too. Behind the header stands how many bytes the frames take (4 bytes), then the frames,
 * compressed (zlib). Its checksum begins with the format, so that it is never taken for another.
 *
 * @param firstPosition the first position that it covers
 * @param lastPosition the last position that it covers
 * @param run its events; null when none is left
 * @param outlined whether its events are outlines
 */
record Chunk(long firstPosition, long lastPosition, @Nullable EventRun run, boolean outlined) {
  /** A chunk is closed once it holds this much; a larger event has a chunk of its own. */
  static final int TARGET_BYTES = 64 * 1024;

  static final int HEADER_BYTES = 13;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private static final byte WHOLE = 1;
  private static final byte WITH_HOLES = 2;
  private static final byte OUTLINES = 3;
  private static final int CRC_OFFSET = 1;
  private static final int COUNT_OFFSET = 5;
  private static final int SPAN_OFFSET = 9;

  /** The header for a run. */
  static byte[] header(EventRun run) {
    return header(
        WHOLE,
        run.count(),
        run.firstPosition(),
        run.lastPosition(),
        run.bytes(),
        run.offset(),
        run.length());
  }

  private static byte[] header(
      byte format, int count, long first, long last, byte[] frames, int offset, int length) {
    byte[] header = new byte[HEADER_BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(header);
    buffer.put(0, format);
    buffer.putInt(COUNT_OFFSET, count);
    buffer.putInt(SPAN_OFFSET, Math.toIntExact(last - first));
    buffer.putInt(CRC_OFFSET, checksum(first, header, frames, offset, length));
    return header;
  }

  /** The value of a chunk for the same positions that holds only these of its events. */
  byte[] with(List<EncodedEvent> kept) {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    for (EncodedEvent event : kept) {
      frames.write(event.bytes(), event.frameStart(), event.end() - event.frameStart());
    }
    return outlined
        ? ofOutlines(firstPosition, lastPosition, kept.size(), frames.toByteArray())
        : value(WITH_HOLES, kept.size(), firstPosition, lastPosition, frames.toByteArray());
  }

  private static byte[] value(byte format, int count, long first, long last, byte[] body) {
    byte[] header = header(format, count, first, last, body, 0, body.length);
    byte[] value = Arrays.copyOf(header, HEADER_BYTES + body.length);
    System.arraycopy(body, 0, value, HEADER_BYTES, body.length);
    return value;
  }

  /** The value of a chunk that ends at an earlier position, which this one covers. */
  byte[] upTo(long last) {
    List<EncodedEvent> kept = events().stream().filter(event -> event.position() <= last).toList();
    return outlined
        ? new Chunk(firstPosition, last, null, true).with(kept)
        : whole(firstPosition, last, kept);
  }

  /** The value of a chunk of whole events, which may have holes. */
  static byte[] whole(long first, long last, List<EncodedEvent> kept) {
    if (kept.size() < last - first + 1) {
      return new Chunk(first, last, null, false).with(kept);
    }
    EventRunBuilder frames = new EventRunBuilder(HEADER_BYTES);
    kept.forEach(
        event -> frames.add(Arrays.copyOfRange(event.bytes(), event.start(), event.end())));
    EventRun run = frames.build();
    byte[] header = header(run);
    byte[] value = Arrays.copyOf(header, HEADER_BYTES + run.length());
    System.arraycopy(run.bytes(), run.offset(), value, HEADER_BYTES, run.length());
    return value;
  }

  /** The value of a chunk of outlines, given as frames. */
  static byte[] ofOutlines(long firstPosition, long lastPosition, int count, byte[] frames) {
    ByteArrayOutputStream body = new ByteArrayOutputStream(Integer.BYTES + frames.length / 2);
    body.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(frames.length).array());
    try (DeflaterOutputStream deflated = new DeflaterOutputStream(body)) {
      deflated.write(frames);
    } catch (IOException e) {
      throw new UncheckedIOException("an array cannot be written to", e);
    }
    return value(OUTLINES, count, firstPosition, lastPosition, body.toByteArray());
  }

  /** Its events, oldest first. */
  List<EncodedEvent> events() {
    return run == null ? List.of() : run.events();
  }

  /** Its events within these bounds (inclusive); null when there is none. */
  @Nullable EventRun clip(long from, long to) {
    return run == null ? null : run.clip(from, to);
  }

  /** The chunk in a value, after its checksum has been compared. */
  static Chunk read(byte[] key, byte[] value) {
    long firstPosition = Keys.toLong(key, 0);
    if (key.length != Long.BYTES) {
      throw new DamagedDataException(
          firstPosition, "the log has a key of " + key.length + " bytes at " + firstPosition);
    }
    byte format = value.length == 0 ? 0 : value[0];
    boolean known =
        switch (format) {
          case WHOLE -> value.length > HEADER_BYTES;
          case WITH_HOLES -> value.length >= HEADER_BYTES;
          case OUTLINES -> value.length > HEADER_BYTES + Integer.BYTES;
          default -> false;
        };
    if (!known) {
      throw new DamagedDataException(
          firstPosition, "the log's chunk at position " + firstPosition + " has no known format");
    }
    ByteBuffer buffer = ByteBuffer.wrap(value);
    int length = value.length - HEADER_BYTES;
    // Formats 1 and 2 are not covered: a value of one is never a sound value of the other, since
    // only one has as many events as positions.
    if (buffer.getInt(CRC_OFFSET) != checksum(firstPosition, value, value, HEADER_BYTES, length)
        || (format != OUTLINES
            && (format == WHOLE)
                != (buffer.getInt(COUNT_OFFSET) == buffer.getInt(SPAN_OFFSET) + 1L))) {
      throw new DamagedDataException(
          firstPosition,
          "the log's chunk at position " + firstPosition + " does not match its checksum");
    }
    int count = buffer.getInt(COUNT_OFFSET);
    long lastPosition = firstPosition + buffer.getInt(SPAN_OFFSET);
    if (format == OUTLINES) {
      byte[] frames = inflated(firstPosition, value);
      EventRun run = new EventRun(frames, 0, frames.length, count, firstPosition, lastPosition);
      return new Chunk(firstPosition, lastPosition, narrowed(run), true);
    }
    EventRun run = new EventRun(value, HEADER_BYTES, length, count, firstPosition, lastPosition);
    return new Chunk(firstPosition, lastPosition, format == WHOLE ? run : narrowed(run), false);
  }

  /**
   * The last position of a chunk that has an event at each of its positions; 0 if the value is none
   * or is damaged, which {@link #read} then tells.
   *
   * @param key its key
   * @param bytes where its value lies
   * @param at where it begins
   * @param length its length
   * @param crc is used for its checksum
   */
  static long lastOfWhole(byte[] key, byte[] bytes, int at, int length, CRC32C crc) {
    if (length <= HEADER_BYTES || bytes[at] != WHOLE) {
      return 0;
    }
    crc.reset();
    crc.update(key, 0, Long.BYTES);
    crc.update(bytes, at + COUNT_OFFSET, length - COUNT_OFFSET);
    int span = (int) INT.get(bytes, at + SPAN_OFFSET);
    boolean sound =
        span >= 0
            && (int) INT.get(bytes, at + CRC_OFFSET) == (int) crc.getValue()
            && (int) INT.get(bytes, at + COUNT_OFFSET) == span + 1L;
    return sound ? Keys.toLong(key, 0) + span : 0;
  }

  private static byte[] inflated(long firstPosition, byte[] value) {
    int body = HEADER_BYTES + Integer.BYTES;
    int length = ByteBuffer.wrap(value).getInt(HEADER_BYTES);
    if (length < 0) {
      throw unreadable(firstPosition, null);
    }
    try (InflaterInputStream in =
        new InflaterInputStream(new ByteArrayInputStream(value, body, value.length - body))) {
      byte[] frames = in.readNBytes(length);
      if (frames.length == length) {
        return frames;
      }
    } catch (IOException e) {
      throw unreadable(firstPosition, e);
    }
    throw unreadable(firstPosition, null);
  }

  private static DamagedDataException unreadable(long firstPosition, @Nullable IOException cause) {
    DamagedDataException damaged =
        new DamagedDataException(
            firstPosition, "the log's chunk at position " + firstPosition + " cannot be read");
    if (cause != null) {
      damaged.initCause(cause);
    }
    return damaged;
  }

  /** The run with the positions of its own first and last event; null when it has none. */
  private static @Nullable EventRun narrowed(EventRun run) {
    List<EncodedEvent> events = run.events();
    return events.isEmpty()
        ? null
        : new EventRun(
            run.bytes(),
            run.offset(),
            run.length(),
            run.count(),
            events.getFirst().position(),
            events.getLast().position());
  }

  private static int checksum(
      long firstPosition, byte[] header, byte[] frames, int offset, int length) {
    CRC32C crc = new CRC32C();
    if (header[0] == OUTLINES) {
      crc.update(OUTLINES);
    }
    crc.update(Keys.ofLong(firstPosition));
    crc.update(header, COUNT_OFFSET, HEADER_BYTES - COUNT_OFFSET);
    crc.update(frames, offset, length);
    return (int) crc.getValue();
  }
}
