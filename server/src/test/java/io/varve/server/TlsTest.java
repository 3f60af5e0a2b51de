package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.util.CertificateUtils;
import io.varve.client.VarveClient;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.server.Certificates.Signed;
import io.varve.server.api.grpc.ServerTls;
import io.varve.server.config.ClientCertificates;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The port under real TLS, with certificates that are right and certificates that are wrong. */
class TlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Logger LOG =
      (Logger) LoggerFactory.getLogger("io.varve.server.api.grpc.ServerTls");

  @TempDir private static Path files;
  private static Certificates authority;
  private static Certificates stranger;
  private static Signed server;
  private static Signed client;

  @TempDir private Path folder;

  @BeforeAll
  static void sign() throws Exception {
    authority = new Certificates(files, "authority");
    stranger = new Certificates(files, "stranger");
    server = authority.sign("server", "localhost");
    client = authority.sign("client", "client.example");
  }

  private ServerConfig config() {
    return TestServer.config(folder.resolve("data"))
        .with(Settings.TLS_CERT, server.chain())
        .with(Settings.TLS_KEY, server.key())
        .with(Settings.TLS_RELOAD_INTERVAL, Duration.ofMillis(100));
  }

  private static VarveClient.Builder to(TestServer store) {
    return VarveClient.builder()
        .endpoint("localhost", store.port())
        .deadline(Duration.ofSeconds(3))
        .retryFor(Duration.ofSeconds(3));
  }

  private static void works(VarveClient.Builder builder) {
    try (VarveClient store = builder.deadline(PATIENCE).build()) {
      assertThat(store.serverInfo().release()).isNotEmpty();
    }
  }

  private static void failsToConnect(VarveClient.Builder builder) {
    try (VarveClient store = builder.build()) {
      assertThatThrownBy(store::serverInfo).isInstanceOf(StoreUnavailableException.class);
    }
  }

  @Test
  void a_client_that_trusts_the_authority_is_served_and_others_are_not() throws Exception {
    try (TestServer store = TestServer.start(config())) {
      works(to(store).tls(authority.pem()));
      failsToConnect(to(store).tls(stranger.pem()));
      failsToConnect(to(store).tls()); // whom the JVM trusts
      failsToConnect(to(store)); // in the clear
    }
  }

  @Test
  void the_certificate_must_be_for_the_host_that_was_meant() throws Exception {
    try (TestServer store = TestServer.start(config())) {
      failsToConnect(to(store).tls(authority.pem()).serverName("elsewhere.example"));
      failsToConnect(to(store).endpoint("127.0.0.1", store.port()).tls(authority.pem()));
      works(
          to(store)
              .endpoint("127.0.0.1", store.port())
              .tls(authority.pem())
              .serverName("localhost"));
    }
  }

  @Test
  void a_client_certificate_is_required_where_an_authority_of_clients_is_named() throws Exception {
    Signed strange = stranger.sign("strange-client", "client.example");
    Signed expired = authority.signExpired("expired-client", "client.example");
    try (TestServer store =
        TestServer.start(config().with(Settings.TLS_CLIENT_CA, authority.pem()))) {
      works(to(store).tls(authority.pem()).clientCertificate(client.chain(), client.key()));
      failsToConnect(to(store).tls(authority.pem()));
      failsToConnect(
          to(store).tls(authority.pem()).clientCertificate(strange.chain(), strange.key()));
      failsToConnect(
          to(store).tls(authority.pem()).clientCertificate(expired.chain(), expired.key()));
    }
  }

  @Test
  void a_client_certificate_may_be_optional_but_a_wrong_one_is_refused_all_the_same()
      throws Exception {
    Signed strange = stranger.sign("strange-again", "client.example");
    try (TestServer store =
        TestServer.start(
            config()
                .with(Settings.TLS_CLIENT_CA, authority.pem())
                .with(Settings.TLS_CLIENT_AUTH, ClientCertificates.OPTIONAL))) {
      works(to(store).tls(authority.pem()).clientCertificate(client.chain(), client.key()));
      works(to(store).tls(authority.pem()));

      assertThat(isServed(store, client)).isTrue();
      assertThat(isServed(store, strange)).isFalse();
    }
  }

  /**
   * Whether the port answers somebody who shows this certificate. A client of the JDK's or of
   * gRPC's would not even show one that the server has not asked for.
   */
  private static boolean isServed(TestServer store, Signed shown) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {new Shameless(shown)}, new TrustManager[] {new Anybody()}, null);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", store.port())) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      var parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      // A server of HTTP/2 speaks first; with TLS 1.3 a refusal comes only now.
      return socket.getInputStream().read() >= 0;
    } catch (SSLException | SocketException e) {
      return false;
    }
  }

  /** Shows its certificate whoever asks. */
  private static final class Shameless extends X509ExtendedKeyManager {
    private final X509Certificate[] chain;
    private final PrivateKey key;

    Shameless(Signed shown) throws Exception {
      chain =
          CertificateUtils.getX509Certificates(
              new ByteArrayInputStream(Files.readAllBytes(shown.chain())));
      key =
          CertificateUtils.getPrivateKey(new ByteArrayInputStream(Files.readAllBytes(shown.key())));
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
      return "mine";
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return new String[] {"mine"};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return chain.clone();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return null;
    }
  }

  @Test
  void a_new_certificate_is_taken_up_and_a_broken_one_is_not() throws Exception {
    Path chain = Files.copy(server.chain(), folder.resolve("chain.pem"));
    Path key = Files.copy(server.key(), folder.resolve("key.pem"));
    Signed renewed = authority.sign("renewed", "localhost");
    Signed expired = authority.signExpired("expired", "localhost");
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    List<ILoggingEvent> said = listen(appender);
    try (TestServer store =
        TestServer.start(config().with(Settings.TLS_CERT, chain).with(Settings.TLS_KEY, key))) {
      assertThat(shownBy(store)).isEqualTo("CN=server");

      try (VarveClient open = to(store).tls(authority.pem()).deadline(PATIENCE).build()) {
        open.serverInfo();
        replace(chain, renewed.chain()); // half of it: this key belongs to another certificate
        isSaid(said, "is not that of the first certificate");
        assertThat(shownBy(store)).isEqualTo("CN=server");
        replace(key, renewed.key());
        await().atMost(PATIENCE).until(() -> shownBy(store).equals("CN=renewed"));
        open.serverInfo(); // a connection that was there goes on
      }
      works(to(store).tls(authority.pem()));

      said.clear();
      replace(chain, expired.chain());
      isSaid(said, "expired");
      assertThat(shownBy(store)).isEqualTo("CN=renewed");
      replace(chain, Files.writeString(folder.resolve("x"), "x"));
      isSaid(said, "no certificate");
      assertThat(shownBy(store)).isEqualTo("CN=renewed");
      Files.delete(chain);
      isSaid(said, "cannot be read");
      works(to(store).tls(authority.pem()));

      replace(key, server.key());
      replace(chain, server.chain());
      await().atMost(PATIENCE).until(() -> shownBy(store).equals("CN=server"));
    } finally {
      LOG.detachAppender(appender);
    }
  }

  @Test
  void a_certificate_that_is_not_valid_yet_is_taken_up_when_it_is() throws Exception {
    Path chain = Files.copy(server.chain(), folder.resolve("chain.pem"));
    Path key = Files.copy(server.key(), folder.resolve("key.pem"));
    Signed later = authority.signForLater("later", "localhost");
    AtomicReference<Instant> now = new AtomicReference<>(Clock.systemUTC().instant());
    ServerTls tls =
        ServerTls.open(chain, key, Optional.empty(), ClientCertificates.REQUIRED, now::get);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    List<ILoggingEvent> said = listen(appender);
    LOG.setLevel(Level.INFO); // at which it tells what it has taken up
    try {
      replace(chain, later.chain());
      replace(key, later.key());
      tls.reload();
      tls.reload();
      assertThat(said).hasSize(1); // told once, looked at each time
      isSaid(said, "is valid only from");

      now.set(now.get().plus(Duration.ofDays(6)));
      tls.reload();

      assertThat(said.getLast().getFormattedMessage())
          .contains("TLS with the certificate of CN=later");
    } finally {
      LOG.setLevel(null);
      LOG.detachAppender(appender);
    }
  }

  /** What the log tells about the files of TLS, from now on. */
  private static List<ILoggingEvent> listen(ListAppender<ILoggingEvent> appender) {
    appender.list = new CopyOnWriteArrayList<>();
    appender.start();
    LOG.addAppender(appender);
    return appender.list;
  }

  private static void isSaid(List<ILoggingEvent> said, String words) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(said)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .anySatisfy(
                        line ->
                            assertThat(line).contains("the certificate stays as it was", words)));
  }

  private static void replace(Path file, Path by) throws Exception {
    Path beside = Files.copy(by, file.resolveSibling("new"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Whose certificate the port shows to a new connection. */
  private static String shownBy(TestServer store) throws Exception {
    SSLContext anybody = SSLContext.getInstance("TLS");
    anybody.init(null, new TrustManager[] {new Anybody()}, null);
    try (SSLSocket socket =
        (SSLSocket) anybody.getSocketFactory().createSocket("127.0.0.1", store.port())) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      var parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }

  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void files_that_cannot_be_used_keep_the_server_from_starting() throws Exception {
    Signed other = authority.sign("other", "localhost");
    Signed expired = authority.signExpired("long-ago", "localhost");

    isWrong(config().with(Settings.TLS_KEY, other.key()), other.key().toString());
    isWrong(
        config().with(Settings.TLS_CERT, expired.chain()).with(Settings.TLS_KEY, expired.key()),
        "expired");
    isWrong(config().with(Settings.TLS_CERT, files.resolve("none")), "none");
    isWrong(config().with(Settings.TLS_CERT, server.key()), server.key().toString());
    isWrong(config().with(Settings.TLS_CLIENT_CA, client.key()), client.key().toString());
    isWrong(
        TestServer.config(folder.resolve("data")).with(Settings.TLS_CERT, server.chain()),
        "go together");
    isWrong(
        TestServer.config(folder.resolve("data")).with(Settings.TLS_CLIENT_CA, authority.pem()),
        "tls-client-ca");
  }

  @Test
  void an_address_that_others_can_reach_is_refused_without_tls_and_access_control()
      throws Exception {
    ServerConfig open = TestServer.config(folder.resolve("data")).with(Settings.HOST, "0.0.0.0");

    isWrong(open, "TLS is off");
    isWrong(config().with(Settings.HOST, "0.0.0.0"), "access control is off");
    assertThat(Files.exists(folder.resolve("data"))).as("nothing has been touched").isFalse();
    try (TestServer store = TestServer.start(open.with(Settings.INSECURE, true))) {
      works(to(store));
    }
  }

  private static void isWrong(ServerConfig config, String words) {
    assertThatThrownBy(() -> TestServer.start(config).close())
        .asInstanceOf(type(StartFailure.class))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(StartFailure.Kind.CONFIGURATION))
        .satisfies(e -> assertThat(e).hasMessageContaining(words));
  }

  @Test
  void a_password_does_not_travel_to_another_machine_in_the_clear() {
    assertThatThrownBy(
            () -> VarveClient.builder().endpoint("varve.example", 2113).token("t").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("in the clear");
    assertThatThrownBy(() -> VarveClient.builder().tls(files.resolve("none")).build())
        .isInstanceOf(UncheckedIOException.class);
  }
}
