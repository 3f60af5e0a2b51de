package io.varve.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.varve.client.connection.Backoff;
import io.varve.client.connection.ConnectionSettings;
import io.varve.client.connection.Credentials;
import io.varve.client.connection.Endpoint;
import io.varve.client.connection.GrpcEventStore;
import io.varve.client.streams.Access;
import io.varve.client.streams.Admin;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.StoreUnavailableException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Supplier;

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
public final class VarveClient extends ForwardingEventStore {

  private final GrpcEventStore store;

  private VarveClient(GrpcEventStore store) {
    super(store);
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

  /** Looking after the store. The same object may be used all the time. */
  public Admin admin() {
    return store.admin();
  }

  /** The store's users and tokens. The same object may be used all the time. */
  public Access access() {
    return store.access();
  }

  /**
   * Whether the server says of itself that it serves: it is neither starting nor stopping, and can
   * still write. Asks once, within the deadline, so a server that is not there is told at once.
   *
   * @throws StoreUnavailableException nobody answered in time
   */
  public boolean isServing() {
    return store.isServing();
  }

  /**
   * Closes the subscriptions, waits for the appends in flight, for their retry time at most,
   * cancels readers that are still open, and disconnects. Listeners may append until they have
   * returned.
   */
  @Override
  public void close() {
    super.close();
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
    private Credentials credentials = Credentials.NONE;

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
     * Encrypts the link. The server's certificate must be signed by one that the JVM trusts, and be
     * for the endpoint's host. Default: not encrypted.
     */
    public Builder tls() {
      this.credentials =
          new Credentials(
              true,
              credentials.trusted(),
              credentials.chain(),
              credentials.key(),
              credentials.serverName(),
              credentials.authorization());
      return this;
    }

    /**
     * Encrypts the link, and trusts servers whose certificate one of these has signed, and no
     * others.
     *
     * @param authorities a PEM file with one certificate or several
     */
    public Builder tls(Path authorities) {
      this.credentials =
          new Credentials(
              true,
              requireNonNull(authorities),
              credentials.chain(),
              credentials.key(),
              credentials.serverName(),
              credentials.authorization());
      return this;
    }

    /**
     * Shows the server a certificate of the client's own (mTLS); to be used with {@link #tls}.
     *
     * @param chain a PEM file with the certificate, followed by those that signed it
     * @param key a PEM file with its key: PKCS#8, RSA or EC, without a password
     */
    public Builder clientCertificate(Path chain, Path key) {
      this.credentials =
          new Credentials(
              credentials.tls(),
              credentials.trusted(),
              requireNonNull(chain),
              requireNonNull(key),
              credentials.serverName(),
              credentials.authorization());
      return this;
    }

    /**
     * The name that the server's certificate must have, where that is not the endpoint's host:
     * behind a tunnel or a proxy, say.
     */
    public Builder serverName(String name) {
      this.credentials =
          new Credentials(
              credentials.tls(),
              credentials.trusted(),
              credentials.chain(),
              credentials.key(),
              requireNonNull(name),
              credentials.authorization());
      return this;
    }

    /**
     * Calls with this token. Only under TLS, or to this very machine. A call without a valid token,
     * or one that does not allow it, fails with {@link
     * io.varve.client.streams.AccessDeniedException}. One that has been sent when the token is
     * taken away is tried again where that is harmless; an append that the server then does not
     * hear any more fails with {@link io.varve.client.streams.StoreUnavailableException}, since it
     * may be written.
     */
    public Builder token(String token) {
      requireNonNull(token);
      return authorization(new Credentials.Fixed("Bearer " + token));
    }

    /**
     * Calls with the token that this says at each call, from any thread, so that a new one is taken
     * up without a new client: a call, a subscription or a consumer that is refused with a token
     * that has been replaced meanwhile goes on with the new one, as after a lost link. It must be
     * quick.
     */
    public Builder token(Supplier<String> token) {
      requireNonNull(token);
      return authorization(() -> "Bearer " + token.get());
    }

    /** Calls as this user. Only under TLS, or to this very machine. */
    public Builder user(String name, String password) {
      String pair = requireNonNull(name) + ":" + requireNonNull(password);
      String header = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8));
      return authorization(new Credentials.Fixed(header));
    }

    private Builder authorization(Supplier<String> header) {
      this.credentials =
          new Credentials(
              credentials.tls(),
              credentials.trusted(),
              credentials.chain(),
              credentials.key(),
              credentials.serverName(),
              header);
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
     * @throws IllegalArgumentException a duration or a bound is not positive, or a token or a
     *     password would travel to another machine in the clear
     * @throws UncheckedIOException a file of TLS cannot be read or holds something else
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
      return new VarveClient(GrpcEventStore.connect(endpoint, settings, credentials));
    }
  }
}
