package io.varve.server.storage;

import io.varve.server.event.RecordedEvent;

/**
 * One event inside a larger array: the bytes of its frame and, within them, its own. A view: it
 * copies nothing and decodes only what is asked for.
 */
@SuppressWarnings("ArrayRecordComponent") // a view; never compared
public record EncodedEvent(byte[] bytes, int frameStart, int start, int end) {

  /** Decodes only the position. */
  public long position() {
    return EventCodec.position(bytes, start, end - start);
  }

  /** Decodes only the version. */
  public long version() {
    return EventCodec.version(bytes, start, end - start);
  }

  /** A hash of the stream's name; decodes nothing behind it. The same in every release. */
  public int streamHash() {
    return EventCodec.streamHash(bytes, start, end - start);
  }

  /** How many bytes the event takes with its frame. */
  public int length() {
    return end - frameStart;
  }

  /** Decodes what the commit assigned. */
  public EventHeader header() {
    return EventCodec.header(bytes, start, end - start);
  }

  /** What is kept of it in the hot database once it is in the archive. */
  public byte[] outline() {
    return EventCodec.outline(bytes, start, end - start);
  }

  /** Decodes what filters look at. */
  public EventSummary summary() {
    return EventCodec.summary(bytes, start, end - start);
  }

  /** Decodes the whole event. */
  public RecordedEvent decode() {
    return EventCodec.decode(bytes, start, end - start);
  }

  /** This event alone, as a run. */
  public EventRun toRun() {
    long position = position();
    return new EventRun(bytes, frameStart, end - frameStart, 1, position, position);
  }
}
