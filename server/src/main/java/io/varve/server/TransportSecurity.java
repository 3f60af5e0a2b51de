package io.varve.server;

import io.varve.server.StartFailure.Kind;
import io.varve.server.api.grpc.ServerTls;
import io.varve.server.api.grpc.TlsProblem;
import io.varve.server.config.ClientCertificates;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.ops.http.OpsTls;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether and how the port is encrypted, and whether it may be opened like that. */
final class TransportSecurity {
  private TransportSecurity() {}

  /** Empty: the port is not encrypted, as the operator wants it. */
  static Optional<ServerTls> of(ServerConfig config, InstantSource clock) throws StartFailure {
    Optional<Path> certificate = config.find(Settings.TLS_CERT);
    Optional<Path> key = config.find(Settings.TLS_KEY);
    if (certificate.isPresent() != key.isPresent()) {
      throw wrong("tls-cert and tls-key go together: set both, or neither");
    }
    if (certificate.isEmpty() && config.find(Settings.TLS_CLIENT_CA).isPresent()) {
      throw wrong(
          "tls-client-ca needs tls-cert and tls-key: clients show certificates under TLS only");
    }
    refuseToServeOthersUnguarded(config, config.get(Settings.HOST), certificate.isPresent());
    if (config.get(Settings.OPS)) {
      refuseToServeOthersUnguarded(config, config.get(Settings.OPS_HOST), certificate.isPresent());
    }
    if (certificate.isEmpty() || key.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ServerTls.open(
              certificate.get(),
              key.get(),
              config.find(Settings.TLS_CLIENT_CA),
              config.get(Settings.TLS_CLIENT_AUTH),
              clock));
    } catch (TlsProblem e) {
      throw new StartFailure(Kind.CONFIGURATION, String.valueOf(e.getMessage()), e);
    }
  }

  /** The same for the operations port. Null: it is not encrypted. */
  static @Nullable OpsTls ofOps(ServerConfig config, Optional<ServerTls> tls) {
    if (tls.isEmpty()) {
      return null;
    }
    boolean asks = config.find(Settings.TLS_CLIENT_CA).isPresent();
    boolean insists = config.get(Settings.TLS_CLIENT_AUTH) == ClientCertificates.REQUIRED;
    return new OpsTls(tls.get().context(), asks, asks && insists);
  }

  private static void refuseToServeOthersUnguarded(
      ServerConfig config, String host, boolean encrypted) throws StartFailure {
    boolean guarded = encrypted && config.get(Settings.ACCESS_CONTROL);
    if (guarded || config.get(Settings.INSECURE) || isLoopback(host)) {
      return;
    }
    throw wrong(
        "others can reach "
            + host
            + ", but "
            + (encrypted ? "access control is" : "TLS is")
            + " off; set tls-cert, tls-key and access, or listen on 127.0.0.1, or say --insecure");
  }

  /** A name that nobody knows cannot be listened on either, which is told where that is tried. */
  private static boolean isLoopback(String host) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (!address.isLoopbackAddress()) {
          return false;
        }
      }
      return true;
    } catch (UnknownHostException e) {
      return true;
    }
  }

  private static StartFailure wrong(String sentence) {
    return new StartFailure(Kind.CONFIGURATION, sentence);
  }
}
