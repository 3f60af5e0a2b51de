package io.varve.client.connection;

import static java.util.Objects.requireNonNull;

import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.varve.client.connection.RemoteSubscription.Source;
import io.varve.client.streams.Access;
import io.varve.client.streams.Admin;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.Archive;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.Snapshots;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreStatistics;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.Streams;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.SubscriptionStart;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import io.varve.client.subscription.SubscriptionThread;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetServerInfoRequest;
import io.varve.proto.v1.GetStatisticsRequest;
import io.varve.proto.v1.GetTrackingRequest;
import io.varve.proto.v1.GetTrackingResponse;
import io.varve.proto.v1.StreamVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An event store behind a gRPC channel. */
public final class GrpcEventStore implements EventStore {

  /**
   * Pages carry whole events, each up to the server's payload limit (4 MiB by default), and several
   * to a page.
   */
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  /** How long close waits for listeners that are still running, and then for the channel. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(GrpcEventStore.class);
  private static final AtomicInteger SUBSCRIPTIONS = new AtomicInteger();

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final AppendPipeline appends;
  private final Transactions transactions;
  private final UnaryCalls unary;
  private final ReadCalls reads;
  private final Streams streams;
  private final Snapshots snapshots;
  private final ConsumerGroups consumerGroups;
  private final Admin admin;
  private final Access access;
  private final Archive archive;
  private final ExecutorService calls;
  private final ExecutorService completions;
  private final Set<SubscriptionThread> subscriptions = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Takes a channel over.
   *
   * @param server how people call it
   * @param calls runs the channel's callbacks; shut down with it
   * @param appendCallbacks runs those of the call that carries the appends
   */
  GrpcEventStore(
      ManagedChannel channel,
      String server,
      ConnectionSettings settings,
      ExecutorService calls,
      Executor appendCallbacks) {
    this.channel = channel;
    this.server = server;
    this.settings = settings;
    this.calls = calls;
    this.completions =
        Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("varve-completion-", 1).factory());
    this.appends = new AppendPipeline(channel, server, settings, appendCallbacks);
    this.transactions = new Transactions(channel, server, settings, completions);
    this.unary = new UnaryCalls(channel, server, settings, closing);
    this.reads = new ReadCalls(channel, server, settings, closing, unary, calls);
    this.streams = new RemoteStreams(unary);
    this.snapshots = new RemoteSnapshots(unary);
    this.admin = new RemoteAdmin(channel, server, unary);
    this.access = new RemoteAccess(server, unary);
    this.consumerGroups =
        new RemoteGroups(
            unary, new RemoteConsumers(channel, server, settings, closing, subscriptions));
    this.archive = new RemoteArchive(unary, channel, server);
  }

  /**
   * A store behind this endpoint. The first call connects.
   *
   * @throws IllegalArgumentException credentials would travel in the clear to another machine
   */
  public static GrpcEventStore connect(
      Endpoint endpoint, ConnectionSettings settings, Credentials credentials) {
    if (credentials.exposes(endpoint)) {
      throw new IllegalArgumentException(
          "a token or a password would travel to " + endpoint + " in the clear; turn on TLS");
    }
    ChannelCredentials security = credentials.channel();
    ExecutorService calls =
        Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("varve-calls-", 1).factory());
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(endpoint.host(), endpoint.port(), security)
            .intercept(credentials.interceptor())
            .executor(calls)
            .keepAliveTime(settings.keepAlive().toNanos(), TimeUnit.NANOSECONDS)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .userAgent("varve-java");
    if (credentials.serverName() != null) {
      builder.overrideAuthority(credentials.serverName());
    }
    ManagedChannel channel = builder.build();
    // A supplier of tokens that waits must not hold up the connection's thread.
    Executor appendCallbacks = credentials.askTheApplication() ? calls : Runnable::run;
    return new GrpcEventStore(channel, endpoint.toString(), settings, calls, appendCallbacks);
  }

  @Override
  public AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events) {
    return append(stream, appends.append(stream, expected, List.copyOf(events), null));
  }

  @Override
  public AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    requireNonNull(tracking);
    return append(stream, appends.append(stream, expected, List.copyOf(events), tracking));
  }

  private AppendResult append(String stream, CompletableFuture<AppendResult> answer) {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof VarveException refusal) {
        throw refusal;
      }
      throw new StoreFailedException("the append failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(
          "interrupted while waiting for the answer to the append to stream \""
              + stream
              + "\" of "
              + server
              + ", and its outcome is unknown. Repeat it with the same events to learn it",
          e);
    }
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events) {
    return appendLater(stream, expected, events, null);
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    return appendLater(stream, expected, events, requireNonNull(tracking));
  }

  private CompletableFuture<AppendResult> appendLater(
      String stream, ExpectedVersion expected, List<NewEvent> events, @Nullable Tracking tracking) {
    CompletableFuture<AppendResult> promise = new CompletableFuture<>();
    try {
      CompletableFuture<AppendResult> answer =
          appends.append(stream, expected, List.copyOf(events), tracking);
      // Completed elsewhere, so that what the caller hangs on the promise never holds up the
      // answers of others.
      CompletableFuture<AppendResult> unused =
          answer.whenComplete((result, failure) -> completeElsewhere(promise, result, failure));
    } catch (VarveException refusal) {
      promise.completeExceptionally(refusal);
    }
    return promise;
  }

  private void completeElsewhere(
      CompletableFuture<AppendResult> promise, AppendResult result, @Nullable Throwable failure) {
    try {
      completions.execute(() -> complete(promise, result, failure));
    } catch (RejectedExecutionException closed) {
      complete(promise, result, failure);
    }
  }

  private static void complete(
      CompletableFuture<AppendResult> promise, AppendResult result, @Nullable Throwable failure) {
    if (failure == null) {
      promise.complete(result);
    } else {
      promise.completeExceptionally(failure);
    }
  }

  @Override
  public TransactionResult transact(Transaction transaction) {
    return transactions.transact(transaction);
  }

  @Override
  public CompletableFuture<TransactionResult> transactAsync(Transaction transaction) {
    try {
      return transactions.transactAsync(transaction);
    } catch (VarveException refusal) {
      return CompletableFuture.failedFuture(refusal);
    }
  }

  @Override
  public OptionalLong tracking(String source) {
    GetTrackingRequest request =
        GetTrackingRequest.newBuilder()
            .setSource(ProtoMapping.wellFormed("source", source))
            .build();
    GetTrackingResponse response = unary.ask(EventStoreGrpc.getGetTrackingMethod(), request);
    return response.hasPosition() ? OptionalLong.of(response.getPosition()) : OptionalLong.empty();
  }

  @Override
  public EventReader readStream(ReadStream read) {
    return reads.readStream(read);
  }

  @Override
  public EventReader readLog(ReadLog read) {
    return reads.readLog(read);
  }

  @Override
  public Optional<RecordedEvent> getEvent(UUID id) {
    return reads.getEvent(GetEventRequest.newBuilder().setId(id.toString()).build());
  }

  @Override
  public Optional<RecordedEvent> getEvent(long position) {
    ProtoMapping.requireAtLeastOne("position", position);
    return reads.getEvent(GetEventRequest.newBuilder().setPosition(position).build());
  }

  @Override
  public Optional<RecordedEvent> getEvent(String stream, long version) {
    ProtoMapping.requireAtLeastOne("stream_version.version", version);
    StreamVersion place =
        StreamVersion.newBuilder()
            .setStream(ProtoMapping.streamName(stream))
            .setVersion(version)
            .build();
    return reads.getEvent(GetEventRequest.newBuilder().setStreamVersion(place).build());
  }

  @Override
  public Subscription subscribeToStream(SubscribeToStream request, SubscriptionListener listener) {
    return subscribe(
        new Source<>(
            Delivery.OF_STREAM,
            start -> ProtoMapping.subscribeToStream(request, start),
            Supplier::get,
            RecordedEvent::version,
            false),
        request.start(),
        listener);
  }

  @Override
  public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
    return subscribe(
        new Source<>(
            Delivery.OF_LOG,
            start -> ProtoMapping.subscribeToLog(request, start),
            Supplier::get,
            RecordedEvent::position,
            true),
        request.start(),
        listener);
  }

  @Override
  public Streams streams() {
    return streams;
  }

  @Override
  public Snapshots snapshots() {
    return snapshots;
  }

  @Override
  public ConsumerGroups consumerGroups() {
    return consumerGroups;
  }

  /** Looking after the store. */
  public Admin admin() {
    return admin;
  }

  /** Users and tokens. */
  public Access access() {
    return access;
  }

  @Override
  public Archive archive() {
    return archive;
  }

  @Override
  public ServerInfo serverInfo() {
    return StreamMapping.serverInfo(
        unary.ask(AdminGrpc.getGetServerInfoMethod(), GetServerInfoRequest.getDefaultInstance()));
  }

  @Override
  public StoreStatistics statistics() {
    return StreamMapping.statistics(
        unary.ask(AdminGrpc.getGetStatisticsMethod(), GetStatisticsRequest.getDefaultInstance()));
  }

  /** Whether the server says that it serves; asks once, within the deadline. */
  public boolean isServing() {
    requireOpen();
    return HealthCall.isServing(channel, server, settings.deadline());
  }

  private <A, B> Subscription subscribe(
      Source<A, B> source, SubscriptionStart start, SubscriptionListener listener) {
    requireNonNull(listener);
    requireOpen();
    SubscriptionThread subscription =
        new SubscriptionThread(
            "varve-subscription-" + SUBSCRIPTIONS.incrementAndGet(),
            new RemoteSubscription<>(channel, server, settings, calls, source, start, listener),
            listener::onClosed,
            subscriptions::remove);
    subscriptions.add(subscription);
    subscription.start(settings.deadline());
    if (closing.getCount() == 0) {
      subscription.stop(); // close() may have looked before this one was there
    }
    return subscription;
  }

  private void requireOpen() {
    if (closing.getCount() == 0) {
      throw new IllegalStateException("the client is closed");
    }
  }

  /**
   * Listeners first, for they may still append; then the appends and transactions in flight; then
   * the channel, with any open readers.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    closing.countDown();
    closeSubscriptions();
    appends.close(settings.retryFor());
    transactions.close(settings.retryFor());
    channel.shutdownNow();
    boolean interrupted = Thread.interrupted();
    try {
      if (!channel.awaitTermination(CLOSE_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        log.warn("the channel to {} did not end within {}", server, CLOSE_PATIENCE);
      }
      appends.release(CLOSE_PATIENCE);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    calls.shutdown();
    completions.shutdown();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeSubscriptions() {
    List<SubscriptionThread> open = List.copyOf(subscriptions);
    open.forEach(SubscriptionThread::stop);
    long deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
    try {
      for (SubscriptionThread subscription : open) {
        if (!subscription.awaitListenerDone(Duration.ofNanos(deadline - System.nanoTime()))) {
          log.warn("closing while the listener of {} is still running", subscription);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
