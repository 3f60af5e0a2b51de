package io.varve.server.storage;

import java.util.Arrays;

/**
 * Frames events one by one into an array that grows, and yields them as one run. Not thread-safe.
 */
public final class EventRunBuilder {
  private byte[] bytes;
  private int length;
  private int count;
  private long firstPosition;
  private long lastPosition;

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
