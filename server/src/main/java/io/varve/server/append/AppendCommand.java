package io.varve.server.append;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The wish to append events to one stream.
 *
 * @param stream the stream
 * @param expected what the appender believes about it
 * @param events the events, at least one, no id twice
 * @param tracking a consumer's progress to be stored with them; null for none
 * @param proposedAt see {@link Command#proposedAt}
 * @param bytes see {@link Command#bytes}
 */
public record AppendCommand(
    StreamId stream,
    ExpectedVersion expected,
    List<EncodedBody> events,
    @Nullable Tracking tracking,
    Instant proposedAt,
    long bytes)
    implements Command {

  /**
   * Encodes a command; expensive enough to be done on the caller's thread.
   *
   * @throws IllegalArgumentException there is no event, or an event id stands twice
   */
  public static AppendCommand of(
      StreamId stream,
      ExpectedVersion expected,
      List<NewEvent> events,
      @Nullable Tracking tracking,
      Instant proposedAt) {
    if (events.isEmpty()) {
      throw new IllegalArgumentException("an append has at least one event");
    }
    List<EncodedBody> bodies = EncodedBody.encode(stream, events, tracking);
    if (bodies.size() > 1) {
      EncodedBody.requireOnce(bodies, new HashSet<>());
    }
    return new AppendCommand(
        stream,
        expected,
        bodies,
        tracking,
        proposedAt,
        EncodedBody.OVERHEAD_BYTES + EncodedBody.heldBytes(bodies));
  }
}
