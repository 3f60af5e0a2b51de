package io.varve.server.append;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import io.varve.server.storage.EventCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A new event and its encoded body.
 *
 * @param event what the writer handed over
 * @param encoded see {@link EventCodec#encodeBody}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EncodedBody(NewEvent event, byte[] encoded) {
  /** What an event or a command costs beside its bytes: the objects that carry it. */
  static final long OVERHEAD_BYTES = 256;

  /**
   * Encodes new events.
   *
   * @param tracking the consumer's progress that their append stores; null for none
   */
  static List<EncodedBody> encode(
      StreamId stream, List<NewEvent> events, @Nullable Tracking tracking) {
    List<EncodedBody> bodies = new ArrayList<>(events.size());
    for (NewEvent event : events) {
      bodies.add(new EncodedBody(event, EventCodec.encodeBody(stream, event, tracking)));
    }
    return bodies;
  }

  /**
   * Refuses an id that stands twice: of two events with one id only the later would be found by it.
   *
   * @param seen ids before these, to which they are added
   */
  static void requireOnce(List<EncodedBody> bodies, Set<UUID> seen) {
    for (EncodedBody body : bodies) {
      NewEvent event = body.event();
      if (!event.freshId() && !seen.add(event.id())) {
        throw new IllegalArgumentException("event id " + event.id() + " stands twice in an append");
      }
    }
  }

  /** How much memory so many events hold while they wait. */
  static long heldBytes(List<EncodedBody> bodies) {
    long bytes = 0;
    for (EncodedBody body : bodies) {
      bytes += body.encoded().length + OVERHEAD_BYTES;
    }
    return bytes;
  }
}
