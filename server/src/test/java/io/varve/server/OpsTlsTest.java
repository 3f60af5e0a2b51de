package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.Certificates.Signed;
import io.varve.server.StartFailure.Kind;
import io.varve.server.config.ClientCertificates;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operations port under the TLS of the store's own port. */
class OpsTlsTest {
  @TempDir private static Path files;
  private static Certificates authority;
  private static Signed certificate;

  @TempDir private Path folder;

  @BeforeAll
  static void sign() throws Exception {
    authority = new Certificates(files, "authority");
    certificate = authority.sign("server", "localhost");
  }

  private ServerConfig config() {
    return TestServer.config(folder.resolve("data"))
        .with(Settings.OPS, true)
        .with(Settings.DISK_RESERVE, 0L)
        .with(Settings.TLS_CERT, certificate.chain())
        .with(Settings.TLS_KEY, certificate.key());
  }

  /** What a browser does that trusts the authority and has no certificate. */
  private static HttpResponse<String> get(int port) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream pem = Files.newInputStream(authority.pem())) {
      Certificate root = CertificateFactory.getInstance("X.509").generateCertificate(pem);
      trusted.setCertificateEntry("authority", root);
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    URI address = URI.create("https://localhost:" + port + "/readyz");
    try (HttpClient client = HttpClient.newBuilder().sslContext(context).build()) {
      return client.send(
          HttpRequest.newBuilder(address).timeout(Duration.ofMinutes(1)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void with_tls_for_the_store_the_port_speaks_it_too_and_nothing_in_the_clear() throws Exception {
    try (TestServer server = TestServer.start(config())) {
      assertThat(get(server.opsPort()).body()).contains("\"ready\":true");
      String plain = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      String answer;
      try {
        answer = OpsClient.raw(server.opsPort(), plain);
      } catch (IOException e) {
        answer = "cut off";
      }
      assertThat(answer).doesNotContain("ready");
    }
  }

  @Test
  void where_clients_must_show_a_certificate_they_must_here_as_well() throws Exception {
    ServerConfig strict = config().with(Settings.TLS_CLIENT_CA, authority.pem());
    try (TestServer server = TestServer.start(strict)) {
      assertThatThrownBy(() -> get(server.opsPort())).isInstanceOf(IOException.class);
    }
    ServerConfig lenient = strict.with(Settings.TLS_CLIENT_AUTH, ClientCertificates.OPTIONAL);
    try (TestServer server = TestServer.start(lenient)) {
      assertThat(get(server.opsPort()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void others_are_let_in_with_tls_and_access_control_only_or_if_somebody_insists() {
    ServerConfig open = TestServer.config(folder.resolve("data")).with(Settings.OPS, true);
    refused(open.with(Settings.OPS_HOST, "0.0.0.0"), "0.0.0.0", "TLS is off");
    refused(config().with(Settings.OPS_HOST, "0.0.0.0"), "0.0.0.0", "access control is off");
    assertThat(folder.resolve("data")).doesNotExist();
  }

  private static void refused(ServerConfig config, String... words) {
    assertThatThrownBy(() -> TestServer.start(config))
        .isInstanceOfSatisfying(
            StartFailure.class, failure -> assertThat(failure.kind()).isEqualTo(Kind.CONFIGURATION))
        .hasMessageContainingAll(words);
  }
}
