package io.varve.server.storage;

import java.util.Arrays;
import java.util.List;

/**
 * Frames events one by one into an array that grows, and yields them as one run. Not thread-safe.
 */
public final class EventRunBuilder {
  private static final int MAX_LENGTH_BYTES = 5;

  private byte[] bytes;
  private int length;
  private int count;
  private long firstPosition;
  private long lastPosition;

  // The draft: where it lies, behind the room for a frame's tag and length, and how long it is.
  private int draftStart;
  private int draftLength;

  /** How many bytes the length in a frame is expected to take: as many as in the one before. */
  private int lengthBytes = 2;

  /** Where the bytes of an event come from. */
  public interface Source {
    /** Copies the first of them, at most so many; returns how many there are in all. */
    int copy(byte[] target, int offset, int length);
  }

  /**
   * @param expectedBytes about how many bytes the frames will take
   */
  public EventRunBuilder(int expectedBytes) {
    bytes = new byte[Math.max(64, expectedBytes)];
  }

  /** Adds an event that lies in two parts, as the commit has it. */
  public void add(byte[] header, byte[] body, long position) {
    frame(header.length + body.length, position);
    put(header);
    put(body);
  }

  /** Adds an event that lies in one piece, as the copy by stream has it. */
  public void add(byte[] event) {
    frame(event.length, EventCodec.position(event, 0, event.length));
    put(event);
  }

  /**
   * Copies an event to where it would lie. It is only looked at until {@link #addDraft} adds it; a
   * draft that is not added is forgotten with the next.
   */
  public void draft(Source event) {
    reserve(1 + MAX_LENGTH_BYTES);
    draftStart = length + 1 + lengthBytes;
    int room = bytes.length - draftStart;
    draftLength = event.copy(bytes, draftStart, room);
    if (draftLength > room) {
      reserve(1 + MAX_LENGTH_BYTES + draftLength);
      draftLength = event.copy(bytes, draftStart, draftLength);
    }
  }

  /** The draft's bytes, copied. */
  public byte[] draft() {
    return Arrays.copyOfRange(bytes, draftStart, draftStart + draftLength);
  }

  /** The draft's first byte; -1 for an empty draft. */
  public int firstOfDraft() {
    return draftLength == 0 ? -1 : bytes[draftStart] & 0xff;
  }

  /** Adds the draft. */
  public void addDraft() {
    long position = EventCodec.position(bytes, draftStart, draftLength);
    int head = EventCodec.frameSize(draftLength) - draftLength;
    if (draftStart != length + head) {
      reserve(head + draftLength);
      System.arraycopy(bytes, draftStart, bytes, length + head, draftLength);
      lengthBytes = head - 1;
    }
    frame(draftLength, position);
    length += draftLength;
  }

  public int count() {
    return count;
  }

  public int length() {
    return length;
  }

  /**
   * Everything added so far; at least one event. The builder must not be used afterwards.
   *
   * <p>The run's array is as long as its frames: runs are kept in memory for live subscribers, and
   * what is kept is bounded by its length.
   */
  public EventRun build() {
    if (count == 0) {
      throw new IllegalStateException("a run has at least one event");
    }
    byte[] frames = length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    return new EventRun(frames, 0, length, count, firstPosition, lastPosition);
  }

  /** The same for a run that is not kept: its array may be longer than its frames. */
  public EventRun buildLoose() {
    if (count == 0) {
      throw new IllegalStateException("a run has at least one event");
    }
    return new EventRun(bytes, 0, length, count, firstPosition, lastPosition);
  }

  /** The same with each event as a run of its own, in the order in which they were added. */
  public List<EventRun> buildSingles() {
    return count == 0
        ? List.of()
        : buildLoose().events().stream().map(EncodedEvent::toRun).toList();
  }

  private void frame(int size, long position) {
    reserve(EventCodec.frameSize(size));
    bytes[length++] = EventCodec.FRAME_TAG;
    int rest = size;
    while (rest > 0x7f) {
      bytes[length++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
    if (count++ == 0) {
      firstPosition = position;
    }
    lastPosition = position;
  }

  private void reserve(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  private void put(byte[] part) {
    System.arraycopy(part, 0, bytes, length, part.length);
    length += part.length;
  }
}
