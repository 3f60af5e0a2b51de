package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A store that hands every call on to another one: for those that add something to some calls, such
 * as traces, or that fail on purpose in tests.
 *
 * <p>The calls are handed on one to one; overriding {@code append} changes nothing about {@code
 * appendAsync}.
 */
public abstract class ForwardingEventStore implements EventStore {

  private final EventStore store;

  /** A store in front of this one. */
  protected ForwardingEventStore(EventStore store) {
    this.store = requireNonNull(store);
  }

  @Override
  public AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events) {
    return store.append(stream, expected, events);
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events) {
    return store.appendAsync(stream, expected, events);
  }

  @Override
  public AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    return store.append(stream, expected, events, tracking);
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    return store.appendAsync(stream, expected, events, tracking);
  }

  @Override
  public TransactionResult transact(Transaction transaction) {
    return store.transact(transaction);
  }

  @Override
  public CompletableFuture<TransactionResult> transactAsync(Transaction transaction) {
    return store.transactAsync(transaction);
  }

  @Override
  public OptionalLong tracking(String source) {
    return store.tracking(source);
  }

  @Override
  public EventReader readStream(ReadStream read) {
    return store.readStream(read);
  }

  @Override
  public EventReader readLog(ReadLog read) {
    return store.readLog(read);
  }

  @Override
  public Optional<RecordedEvent> getEvent(UUID id) {
    return store.getEvent(id);
  }

  @Override
  public Optional<RecordedEvent> getEvent(long position) {
    return store.getEvent(position);
  }

  @Override
  public Optional<RecordedEvent> getEvent(String stream, long version) {
    return store.getEvent(stream, version);
  }

  @Override
  public Subscription subscribeToStream(SubscribeToStream request, SubscriptionListener listener) {
    return store.subscribeToStream(request, listener);
  }

  @Override
  public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
    return store.subscribeToLog(request, listener);
  }

  @Override
  public Streams streams() {
    return store.streams();
  }

  @Override
  public Snapshots snapshots() {
    return store.snapshots();
  }

  @Override
  public ConsumerGroups consumerGroups() {
    return store.consumerGroups();
  }

  @Override
  public Archive archive() {
    return store.archive();
  }

  @Override
  public ServerInfo serverInfo() {
    return store.serverInfo();
  }

  @Override
  public StoreStatistics statistics() {
    return store.statistics();
  }

  @Override
  public void close() {
    store.close();
  }
}
