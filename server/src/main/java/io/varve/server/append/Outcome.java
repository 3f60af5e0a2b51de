package io.varve.server.append;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Position;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What became of a command. */
public sealed interface Outcome {

  // ---- carried out

  /**
   * An append's events are durable and visible.
   *
   * @param last the version of the append's last event
   * @param position the position of the append's last event
   * @param recordedAt when it was recorded
   * @param deduplicated the events were there already; the other fields are the earlier append's
   */
  record Appended(StreamVersion last, Position position, Instant recordedAt, boolean deduplicated)
      implements Outcome {}

  /**
   * A transaction's events are durable and visible.
   *
   * @param written the streams that it wrote to, in its order
   * @param last its last event; null when it had none
   * @param deduplicated the events were there already; the other fields are the earlier
   *     transaction's
   */
  record Transacted(List<Written> written, @Nullable LastEvent last, boolean deduplicated)
      implements Outcome {

    /** A stream and the version of the last event that the transaction wrote to it. */
    public record Written(StreamId stream, StreamVersion last) {}

    /** The place and time of a transaction's last event. */
    public record LastEvent(Position position, Instant recordedAt) {}
  }

  /** A change in a stream's life is in force; the event at this position records it. */
  record StreamChanged(Position position) implements Outcome {}

  // ---- refused: nothing was written

  /** The expected version did not hold. {@code actualVersion} is 0 for no event. */
  record Conflict(StreamId stream, ExpectedVersion expected, long actualVersion)
      implements Outcome {}

  /** Some of the event ids are in the store, but not as this append or transaction. */
  record EventIdTaken(UUID eventId, StreamId stream, Position position) implements Outcome {}

  /**
   * An append condition did not hold.
   *
   * @param condition which of the transaction's, counted from 0
   * @param position where the first event is that matches
   */
  record ConditionFailed(int condition, Position position) implements Outcome {}

  /** The tracking position is not higher than the one stored. */
  record TrackingNotRising(String source, long stored) implements Outcome {}

  /** The stream is closed for ever. */
  record StreamTombstoned(StreamId stream) implements Outcome {}

  /** The stream is deleted, and the command needs one that is not. */
  record StreamDeleted(StreamId stream) implements Outcome {}

  /** The stream has no event, and the command needs one that has. */
  record StreamNotFound(StreamId stream) implements Outcome {}

  /** A stream cannot be truncated there: only from {@code lowest} to {@code highest}. */
  record TruncateOutOfRange(StreamId stream, long lowest, long highest) implements Outcome {}

  // ---- not decided

  /** Too many commands wait; nothing was written. */
  record QueueFull(int waiting) implements Outcome {}

  /** The server is stopping; nothing was written. */
  record Stopping() implements Outcome {}

  /**
   * The disk failed and the store takes no more appends. Whether this one is there will be known
   * after a restart; its repetition is safe.
   */
  record StoreStopped(String reason) implements Outcome {}
}
