package io.varve.client.eventsourcing;

import io.varve.client.streams.RecordedEvent;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What becomes of a recorded event whose type, or whose schema version, the program does not know:
 * a newer release wrote it, or somebody else did.
 *
 * @param <E> the application's events
 */
sealed interface UnknownEvents<E> {

  /** Reading it fails. */
  record Fail<E>() implements UnknownEvents<E> {}

  /** It is passed over, and somebody hears of it. */
  record Skip<E>(Consumer<? super RecordedEvent> heard) implements UnknownEvents<E> {}

  /** It is handed over as what the application makes of it. */
  record HandOver<E>(Function<RecordedEvent, ? extends E> as) implements UnknownEvents<E> {}
}
