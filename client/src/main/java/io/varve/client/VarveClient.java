package io.varve.client;

import io.varve.client.connection.Backoff;
import io.varve.client.connection.ConnectionSettings;
import io.varve.client.connection.Endpoint;
import io.varve.client.connection.GrpcEventStore;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.ServerInfo;
import io.varve.client.streams.Snapshots;
import io.varve.client.streams.StoreStatistics;
import io.varve.client.streams.Streams;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A Varve server as an {@link EventStore}. One client serves a whole program: it is safe for use by
 * many threads, and all of its appends travel on one call, many at a time.
 *
 * <p>A lost connection is the client's business. Appends are sent again under the same event ids,
 * so that none takes effect twice, until their retry time is over; look-ups and reads that have not
 * begun are repeated until the deadline; subscriptions reconnect for ever and resume where the
 * listener was.
 *
 * <pre>{@code
 * try (VarveClient store = VarveClient.connect("varve://localhost:2113")) {
 *   store.append("account-42", ExpectedVersion.noStream(), NewEvent.json("AccountOpened", "{\"owner\":\"Ada\"}"));
 * }
 * }</pre>
 */
public final class VarveClient implements EventStore {

  private final EventStore store;

  private VarveClient(EventStore store) {
    this.store = store;
  }

  /**
   * A client with default settings. The first call connects, so this returns even if no server is
   * there.
   *
   * @param uri {@code varve://host} or {@code varve://host:port}; the default port is 2113. The
   *     link is not encrypted.
   * @throws IllegalArgumentException the text is anything else
   */
  public static VarveClient connect(String uri) {
    return builder().endpoint(uri).build();
  }

  /** Starts a client of {@code varve://localhost:2113} with default settings. */
  public static Builder builder() {
    return new Builder();
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
  public ServerInfo serverInfo() {
    return store.serverInfo();
  }

  @Override
  public StoreStatistics statistics() {
    return store.statistics();
  }

  /**
   * Closes the subscriptions, waits for the appends in flight, for their retry time at most,
   * cancels readers that are still open, and disconnects. Listeners may append until they have
   * returned.
   */
  @Override
  public void close() {
    store.close();
  }

  /** Builds a {@link VarveClient}. Not safe for use by several threads. */
  public static final class Builder {

    private Endpoint endpoint = new Endpoint("localhost", Endpoint.DEFAULT_PORT);
    private Duration deadline = Duration.ofSeconds(10);
    private Duration retryFor = Duration.ofSeconds(30);
    private Duration keepAlive = Duration.ofSeconds(30);
    private Duration silence = Duration.ofSeconds(30);
    private int maxAppendsInFlight = 1_024;
    private int maxBytesInFlight = 64 << 20;

    private Builder() {}

    /**
     * Where the server listens.
     *
     * @throws IllegalArgumentException the host is empty, or the port is not 1 to 65535
     */
    public Builder endpoint(String host, int port) {
      this.endpoint = new Endpoint(host, port);
      return this;
    }

    /**
     * Where the server listens: {@code varve://host} or {@code varve://host:port}.
     *
     * @throws IllegalArgumentException the text is anything else
     */
    public Builder endpoint(String uri) {
      this.endpoint = Endpoint.parse(uri);
      return this;
    }

    /**
     * How long the server may take over a look-up, over each page of a read, and over the
     * confirmation of a subscription. Default: 10 seconds.
     */
    public Builder deadline(Duration deadline) {
      this.deadline = deadline;
      return this;
    }

    /**
     * How long an append or a transaction is tried in all, waiting for room included; afterwards it
     * fails, and says whether its outcome is unknown. Default: 30 seconds.
     */
    public Builder retryFor(Duration retryFor) {
      this.retryFor = retryFor;
      return this;
    }

    /**
     * How often a quiet link with calls on it is probed, so that a dead one is noticed. Default: 30
     * seconds.
     */
    public Builder keepAlive(Duration keepAlive) {
      this.keepAlive = keepAlive;
      return this;
    }

    /**
     * A subscription that hears nothing for this long, not even a checkpoint, reconnects. It must
     * be longer than the server's time between checkpoints, 5 seconds by default. Default: 30
     * seconds.
     */
    public Builder silence(Duration silence) {
      this.silence = silence;
      return this;
    }

    /**
     * How many appends may be unanswered before the next one has to wait, and how many
     * transactions. Default: 1,024 of each.
     */
    public Builder maxAppendsInFlight(int maxAppendsInFlight) {
      this.maxAppendsInFlight = maxAppendsInFlight;
      return this;
    }

    /**
     * How many bytes of appends may be unanswered before the next one has to wait, and how many of
     * transactions. Default: 64 MiB of each.
     */
    public Builder maxBytesInFlight(int maxBytesInFlight) {
      this.maxBytesInFlight = maxBytesInFlight;
      return this;
    }

    /**
     * The client. The first call connects.
     *
     * @throws IllegalArgumentException a duration or a bound is not positive
     */
    public VarveClient build() {
      SecureRandom random = new SecureRandom();
      ConnectionSettings settings =
          new ConnectionSettings(
              deadline,
              retryFor,
              keepAlive,
              silence,
              maxAppendsInFlight,
              maxBytesInFlight,
              new Backoff(Duration.ofMillis(50), Duration.ofSeconds(2), random),
              new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10), random));
      return new VarveClient(GrpcEventStore.connect(endpoint, settings));
    }
  }
}
