package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.RecordedEvent;

/**
 * An event that a group has delivered, as the application knows it.
 *
 * @param typed the event, and what it was read from
 * @param retryCount how often it was delivered before and failed; 0: this is the first time, as far
 *     as the server knows
 * @param replayed whether it had been parked, and somebody asked for it again
 * @param <E> the application's type
 */
public record ConsumedEvent<E>(TypedEvent<E> typed, int retryCount, boolean replayed) {

  public ConsumedEvent {
    requireNonNull(typed);
  }

  /** What happened. */
  public E event() {
    return typed.event();
  }

  /** The event as the store recorded it, with its metadata and tags. */
  public RecordedEvent recorded() {
    return typed.recorded();
  }

  /** The stream that the event belongs to. */
  public String stream() {
    return typed.stream();
  }

  /** The event's place in its stream, from 1. */
  public long version() {
    return typed.version();
  }

  /** The event's place in the log, from 1. */
  public long position() {
    return typed.position();
  }

  /** For what the handler writes: in the event's conversation, and caused by it. */
  public EventContext context() {
    return EventContext.causedBy(recorded());
  }
}
