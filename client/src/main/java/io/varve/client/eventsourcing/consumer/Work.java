package io.varve.client.eventsourcing.consumer;

import io.varve.client.streams.DeliveredEvent;
import org.jspecify.annotations.Nullable;

/**
 * An event that this runner has been given, from its delivery to its answer. Guarded by its desk.
 */
final class Work {

  /** As it was delivered last. */
  DeliveredEvent delivered;

  /** The membership in which it was delivered last. */
  Desk.Session session;

  long deliveredNanos;

  /** Who handles it; null: nobody has begun. */
  @Nullable Thread handler;

  long begunNanos;

  Work(DeliveredEvent delivered, Desk.Session session, long nanos) {
    this.delivered = delivered;
    this.session = session;
    this.deliveredNanos = nanos;
  }

  boolean isBegun() {
    return handler != null;
  }

  String stream() {
    return delivered.event().stream();
  }

  long position() {
    return delivered.position();
  }
}
