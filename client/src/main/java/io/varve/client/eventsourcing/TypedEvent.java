package io.varve.client.eventsourcing;

import io.varve.client.streams.RecordedEvent;
import java.time.Instant;

/**
 * An event as the application knows it, together with the recorded event that it was read from.
 *
 * @param event what happened, in the application's type
 * @param recorded where and when the store recorded it, with its metadata and tags
 * @param part 0, or the place of this event among several that an upcaster made of one
 * @param <E> the application's type
 */
public record TypedEvent<E>(E event, RecordedEvent recorded, int part) {

  /** An event that was recorded as it is. */
  public TypedEvent(E event, RecordedEvent recorded) {
    this(event, recorded, 0);
  }

  /** The stream that the event belongs to. */
  public String stream() {
    return recorded.stream();
  }

  /** The event's place in its stream, from 1. */
  public long version() {
    return recorded.version();
  }

  /** The event's place in the log, from 1. */
  public long position() {
    return recorded.position();
  }

  /** The server's time of the commit. */
  public Instant recordedAt() {
    return recorded.recordedAt();
  }
}
