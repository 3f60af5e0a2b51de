package io.varve.server.append;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Position;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import java.time.Instant;
import java.util.UUID;

/** What became of an append. */
public sealed interface AppendOutcome {

  /**
   * The events are durable and visible.
   *
   * @param last the version of the append's last event
   * @param position the position of the append's last event
   * @param recordedAt when it was recorded
   * @param deduplicated the events were there already; the other fields are the earlier append's
   */
  record Appended(StreamVersion last, Position position, Instant recordedAt, boolean deduplicated)
      implements AppendOutcome {}

  /**
   * The expected version did not hold; nothing was written. {@code actualVersion} is 0 for no
   * event.
   */
  record Conflict(StreamId stream, ExpectedVersion expected, long actualVersion)
      implements AppendOutcome {}

  /** Some of the event ids are in the store, but not as this append; nothing was written. */
  record EventIdTaken(UUID eventId, StreamId stream, Position position) implements AppendOutcome {}

  /** Too many appends wait; nothing was written. */
  record QueueFull(int waiting) implements AppendOutcome {}

  /** The server is stopping; nothing was written. */
  record Stopping() implements AppendOutcome {}

  /**
   * The disk failed and the store takes no more appends. Whether this one is there will be known
   * after a restart; its repetition is safe.
   */
  record StoreStopped(String reason) implements AppendOutcome {}
}
