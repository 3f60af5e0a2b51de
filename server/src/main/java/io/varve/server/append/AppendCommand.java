package io.varve.server.append;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EventCodec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The wish to append events to one stream, checked against the limits and encoded, so that deciding
 * it needs no clock, no randomness and no second look at the request.
 *
 * @param stream the stream
 * @param expected what the appender believes about it
 * @param events the events, at least one, no id twice
 * @param proposedAt the time at the door; the events are recorded at it, or at the log's last time
 *     if that is later
 * @param bytes how much memory the command holds while it waits
 */
public record AppendCommand(
    StreamId stream, ExpectedVersion expected, List<Body> events, Instant proposedAt, long bytes) {

  /**
   * An event and its encoded body.
   *
   * @param event what the writer handed over
   * @param encoded see {@link EventCodec#encodeBody}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Body(NewEvent event, byte[] encoded) {}

  /** What one command costs beside its bytes: the objects that carry it. */
  private static final long OVERHEAD_BYTES = 256;

  /** Encodes a command; expensive enough to be done on the caller's thread. */
  public static AppendCommand of(
      StreamId stream, ExpectedVersion expected, List<NewEvent> events, Instant proposedAt) {
    if (events.isEmpty()) {
      throw new IllegalArgumentException("an append has at least one event");
    }
    List<Body> bodies = new ArrayList<>(events.size());
    long bytes = OVERHEAD_BYTES;
    for (NewEvent event : events) {
      byte[] encoded = EventCodec.encodeBody(stream, event);
      bodies.add(new Body(event, encoded));
      bytes += encoded.length + OVERHEAD_BYTES;
    }
    return new AppendCommand(stream, expected, bodies, proposedAt, bytes);
  }
}
