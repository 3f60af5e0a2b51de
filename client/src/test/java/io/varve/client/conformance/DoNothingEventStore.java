package io.varve.client.conformance;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.CategoryInfo;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.EventTypeInfo;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.SnapshotInfo;
import io.varve.client.streams.Snapshots;
import io.varve.client.streams.StoreStatistics;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.Streams;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

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

  @Override
  public AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    return NOTHING;
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    return CompletableFuture.completedFuture(NOTHING);
  }

  @Override
  public TransactionResult transact(Transaction transaction) {
    return new TransactionResult(Map.of(), 0, null, false);
  }

  @Override
  public CompletableFuture<TransactionResult> transactAsync(Transaction transaction) {
    return CompletableFuture.completedFuture(transact(transaction));
  }

  @Override
  public OptionalLong tracking(String source) {
    return OptionalLong.empty();
  }

  private static final class NoEvents implements EventReader {
    @Override
    public long headPosition() {
      return 0;
    }

    @Override
    public Optional<Snapshot> snapshot() {
      return Optional.empty();
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

  private static final class NoStreams implements Streams {
    @Override
    public Optional<StreamInfo> get(String stream) {
      return Optional.empty();
    }

    @Override
    public Stream<StreamInfo> all() {
      return Stream.empty();
    }

    @Override
    public Stream<StreamInfo> withPrefix(String prefix) {
      return Stream.empty();
    }

    @Override
    public Stream<StreamInfo> ofCategory(String category) {
      return Stream.empty();
    }

    @Override
    public Stream<CategoryInfo> categories() {
      return Stream.empty();
    }

    @Override
    public Stream<EventTypeInfo> eventTypes() {
      return Stream.empty();
    }

    @Override
    public long setRetention(String stream, Retention retention, StreamChange change) {
      return 0;
    }

    @Override
    public long truncate(String stream, long beforeVersion, StreamChange change) {
      return 0;
    }

    @Override
    public long delete(String stream, StreamChange change) {
      return 0;
    }

    @Override
    public long tombstone(String stream, StreamChange change) {
      return 0;
    }
  }

  private static final class NoSnapshots implements Snapshots {
    @Override
    public Instant save(Snapshot snapshot) {
      return Instant.EPOCH;
    }

    @Override
    public Optional<Snapshot> newest(String stream) {
      return Optional.empty();
    }

    @Override
    public Optional<Snapshot> newestAt(String stream, long version) {
      return Optional.empty();
    }

    @Override
    public Optional<Snapshot> newestAt(String stream, Instant time) {
      return Optional.empty();
    }

    @Override
    public Stream<SnapshotInfo> list(String stream) {
      return Stream.empty();
    }

    @Override
    public long delete(String stream) {
      return 0;
    }

    @Override
    public long deleteUpTo(String stream, long version) {
      return 0;
    }
  }

  private record NoConsumer() implements GroupConsumer {
    @Override
    public String id() {
      return "";
    }

    @Override
    public ConsumerGroupSettings settings() {
      return ConsumerGroupSettings.defaults();
    }

    @Override
    public void credit(int events) {}

    @Override
    public void ack(Collection<Long> positions) {}

    @Override
    public void nack(Collection<Long> positions, NackAction action, String reason) {}

    @Override
    public CompletableFuture<Void> closed() {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {}
  }

  private static final class NoGroups implements ConsumerGroups {
    @Override
    public void create(ConsumerGroup group) {}

    @Override
    public void update(String group, ConsumerGroupSettings settings) {}

    @Override
    public void delete(String group) {}

    @Override
    public Optional<ConsumerGroupInfo> get(String group) {
      return Optional.empty();
    }

    @Override
    public Stream<ConsumerGroupInfo> list() {
      return Stream.empty();
    }

    @Override
    public Stream<ParkedEvent> listParked(String group) {
      return Stream.empty();
    }

    @Override
    public long replayParked(String group) {
      return 0;
    }

    @Override
    public long replayParked(String group, Collection<Long> positions) {
      return 0;
    }

    @Override
    public long discardParked(String group) {
      return 0;
    }

    @Override
    public long discardParked(String group, Collection<Long> positions) {
      return 0;
    }

    @Override
    public GroupConsumer consume(JoinGroup request, ConsumerListener listener) {
      return new NoConsumer();
    }
  }

  @Override
  public ConsumerGroups consumerGroups() {
    return new NoGroups();
  }

  @Override
  public Streams streams() {
    return new NoStreams();
  }

  @Override
  public Snapshots snapshots() {
    return new NoSnapshots();
  }

  @Override
  public ServerInfo serverInfo() {
    return new ServerInfo("", 0, new UUID(0, 0), Duration.ZERO, List.of());
  }

  @Override
  public StoreStatistics statistics() {
    return new StoreStatistics(0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void close() {}
}
