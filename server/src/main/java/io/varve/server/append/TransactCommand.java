package io.varve.server.append;

import io.varve.server.event.AppendCondition;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The wish to append to several streams, and to check others, all or nothing.
 *
 * @param parts what is to happen to each stream, in the order of the events; no event id twice. A
 *     stream may come again, for events behind other streams', and then expects nothing more.
 * @param conditions what must hold of the log
 * @param tracking a consumer's progress to be stored with the events; null for none
 * @param proposedAt see {@link Command#proposedAt}
 * @param bytes see {@link Command#bytes}
 */
public record TransactCommand(
    List<Part> parts,
    List<AppendCondition> conditions,
    @Nullable Tracking tracking,
    Instant proposedAt,
    long bytes)
    implements Command {

  /**
   * One stream's part.
   *
   * @param stream the stream
   * @param expected what the appender believes about it
   * @param events the events; none when the stream is only checked
   */
  public record Part(StreamId stream, ExpectedVersion expected, List<EncodedBody> events) {

    /**
     * Encodes a part; expensive enough to be done on the caller's thread.
     *
     * @param tracking the transaction's; null for none
     */
    public static Part of(
        StreamId stream,
        ExpectedVersion expected,
        List<NewEvent> events,
        @Nullable Tracking tracking) {
      return new Part(stream, expected, EncodedBody.encode(stream, events, tracking));
    }
  }

  /**
   * A command.
   *
   * @throws IllegalArgumentException an event id stands twice: the store could find one of the two
   */
  public static TransactCommand of(
      List<Part> parts,
      List<AppendCondition> conditions,
      @Nullable Tracking tracking,
      Instant proposedAt) {
    long bytes = EncodedBody.OVERHEAD_BYTES * (1 + parts.size() + conditions.size());
    Set<UUID> ids = new HashSet<>();
    for (Part part : parts) {
      EncodedBody.requireOnce(part.events(), ids);
      bytes += EncodedBody.heldBytes(part.events());
    }
    return new TransactCommand(parts, conditions, tracking, proposedAt, bytes);
  }

  /** All events in the order in which they get their positions. */
  List<EncodedBody> events() {
    List<EncodedBody> events = new ArrayList<>();
    for (Part part : parts) {
      events.addAll(part.events());
    }
    return events;
  }
}
