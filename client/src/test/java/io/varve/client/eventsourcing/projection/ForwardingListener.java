package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import org.jspecify.annotations.Nullable;

/** Tells another listener everything; for tests that keep something back, or hold it up. */
public class ForwardingListener implements SubscriptionListener {

  private final SubscriptionListener listener;

  public ForwardingListener(SubscriptionListener listener) {
    this.listener = listener;
  }

  @Override
  public void onEvent(RecordedEvent event) throws Exception {
    listener.onEvent(event);
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
