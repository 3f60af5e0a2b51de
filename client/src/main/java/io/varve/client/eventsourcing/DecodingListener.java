package io.varve.client.eventsourcing;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import org.jspecify.annotations.Nullable;

/** Reads each event before it hands it on. */
final class DecodingListener<E> implements SubscriptionListener {

  private final EventTypes<E> types;
  private final TypedListener<? super E> listener;

  DecodingListener(EventTypes<E> types, TypedListener<? super E> listener) {
    this.types = types;
    this.listener = listener;
  }

  @Override
  public void onEvent(RecordedEvent event) throws Exception {
    for (TypedEvent<E> typed : types.decode(event)) {
      hand(listener, typed);
    }
  }

  /** An event of a class is one of every class above it. */
  private static <S, E extends S> void hand(TypedListener<S> listener, TypedEvent<E> event)
      throws Exception {
    listener.onEvent(new TypedEvent<S>(event.event(), event.recorded(), event.part()));
  }

  @Override
  public void onCheckpoint(long position) {
    listener.onCheckpoint(position);
  }

  @Override
  public void onCaughtUp(long position) {
    listener.onCaughtUp(position);
  }

  @Override
  public void onFellBehind(long position) {
    listener.onFellBehind(position);
  }

  @Override
  public void onReconnecting(VarveException cause) {
    listener.onReconnecting(cause);
  }

  @Override
  public void onClosed(@Nullable Throwable cause) {
    listener.onClosed(cause);
  }
}
