package io.varve.server.api.grpc;

import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.varve.server.config.ClientCertificates;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port's transport security. {@link #reload} takes up files that have changed, for connections
 * made from then on; files that cannot be used leave everything as it was, and are told in the log.
 * gRPC's own reloading wants both files to have changed by time stamp, and takes a key that does
 * not belong to the certificate; this looks at what is in them.
 */
public final class ServerTls {
  private static final Logger log = LoggerFactory.getLogger(ServerTls.class);

  private final Path certificates;
  private final Path key;
  private final Optional<Path> clientAuthority;
  private final ClientCertificates clients;
  private final InstantSource clock;
  private final AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager trusted = trustingNobody();

  private String inUse = ""; // guarded by this
  private String refused = ""; // guarded by this

  private ServerTls(
      Path certificates,
      Path key,
      Optional<Path> clientAuthority,
      ClientCertificates clients,
      InstantSource clock) {
    this.certificates = certificates;
    this.key = key;
    this.clientAuthority = clientAuthority;
    this.clients = clients;
    this.clock = clock;
  }

  private static AdvancedTlsX509TrustManager trustingNobody() {
    try {
      return AdvancedTlsX509TrustManager.newBuilder()
          .setVerification(Verification.CERTIFICATE_ONLY_VERIFICATION) // clients have no host name
          .build();
    } catch (CertificateException e) {
      throw new IllegalStateException("nothing has been read that could be wrong", e);
    }
  }

  /**
   * Reads the files for the first time.
   *
   * @param clientAuthority who must have signed the certificates of clients; empty: clients are not
   *     asked for any
   * @throws TlsProblem if they cannot be used
   */
  public static ServerTls open(
      Path certificates,
      Path key,
      Optional<Path> clientAuthority,
      ClientCertificates clients,
      InstantSource clock)
      throws TlsProblem {
    ServerTls tls = new ServerTls(certificates, key, clientAuthority, clients, clock);
    try {
      tls.load();
    } catch (IOException e) {
      throw new TlsProblem("cannot read the files of TLS (" + e.getMessage() + ")", e);
    }
    return tls;
  }

  /** Takes up files that have changed since they were read. Never throws. */
  public synchronized void reload() {
    String now = "";
    try {
      now = TlsFiles.fingerprint(files());
      if (!now.equals(inUse)) {
        load(); // also what was refused before: it may have become valid, or readable
      }
    } catch (TlsProblem e) {
      keep(now, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      keep(e.toString(), "a file cannot be read: " + e.getMessage());
    } catch (RuntimeException e) {
      log.error("the certificate stays as it was", e); // a task that throws would not be run again
    }
  }

  /** Tells why nothing is taken up, once for the same files. */
  private synchronized void keep(String seen, String reason) {
    if (!seen.equals(refused)) {
      refused = seen;
      log.error("the certificate stays as it was, since the new files cannot be used: {}", reason);
    }
  }

  private synchronized void load() throws TlsProblem, IOException {
    String now = TlsFiles.fingerprint(files());
    TlsFiles.Identity read = TlsFiles.identity(certificates, key, clock.instant());
    try {
      if (clientAuthority.isPresent()) {
        trusted.updateTrustCredentials(
            TlsFiles.certificates(clientAuthority.get()).toArray(X509Certificate[]::new));
      }
    } catch (GeneralSecurityException e) {
      throw new TlsProblem(clientAuthority.get() + " cannot be used (" + e.getMessage() + ")", e);
    }
    identity.updateIdentityCredentials(read.chain().toArray(X509Certificate[]::new), read.key());
    inUse = now;
    refused = "";
    log.info(
        "TLS with the certificate of {}, valid until {}",
        read.certificate().getSubjectX500Principal().getName(),
        read.certificate().getNotAfter().toInstant());
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>(List.of(certificates, key));
    clientAuthority.ifPresent(files::add);
    return files;
  }

  /** The same certificate and the same trust, for another port. */
  public SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {identity}, new TrustManager[] {trusted}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has TLS", e);
    }
  }

  ServerCredentials credentials() {
    TlsServerCredentials.Builder credentials =
        TlsServerCredentials.newBuilder().keyManager(identity);
    if (clientAuthority.isPresent()) {
      credentials
          .trustManager(trusted)
          .clientAuth(
              switch (clients) {
                case REQUIRED -> TlsServerCredentials.ClientAuth.REQUIRE;
                case OPTIONAL -> TlsServerCredentials.ClientAuth.OPTIONAL;
              });
    }
    return credentials.build();
  }
}
