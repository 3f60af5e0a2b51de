package io.varve.client.conformance;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import java.time.Instant;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A store that takes everything, keeps nothing and never complains. A test that it passes tests
 * nothing.
 */
final class DoNothingEventStore implements EventStore {

  private static final AppendResult NOTHING = new AppendResult(0, 0, Instant.EPOCH, false);

  @Override
  public AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events) {
    return NOTHING;
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events) {
    return CompletableFuture.completedFuture(NOTHING);
  }

  private static final class NoEvents implements EventReader {
    @Override
    public long headPosition() {
      return 0;
    }

    @Override
    public Iterator<RecordedEvent> iterator() {
      return Collections.emptyIterator();
    }

    @Override
    public void close() {}
  }

  @Override
  public EventReader readStream(ReadStream read) {
    return new NoEvents();
  }

  @Override
  public EventReader readLog(ReadLog read) {
    return new NoEvents();
  }

  @Override
  public Optional<RecordedEvent> getEvent(UUID id) {
    return Optional.empty();
  }

  @Override
  public Optional<RecordedEvent> getEvent(long position) {
    return Optional.empty();
  }

  @Override
  public Optional<RecordedEvent> getEvent(String stream, long version) {
    return Optional.empty();
  }

  private static final class NoSubscription implements Subscription {
    @Override
    public CompletableFuture<Void> closed() {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {}
  }

  @Override
  public Subscription subscribeToStream(SubscribeToStream request, SubscriptionListener listener) {
    return new NoSubscription();
  }

  @Override
  public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
    return new NoSubscription();
  }

  @Override
  public void close() {}
}
