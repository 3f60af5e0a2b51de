package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.connection.Endpoint;
import io.varve.server.config.Durations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How a tool reaches a running store: where, over what, and as whom. Add it to a command with
 * {@code @Mixin}; the same options and variables then work for every tool.
 *
 * <p>What is not given on the command line is taken from the environment.
 */
final class Connection {
  /** How long one try to connect may take, before anything is asked. */
  private static final int CONNECT_MILLIS = 3_000;

  private static final Duration BETWEEN_TRIES = Duration.ofMillis(100);

  private final Map<String, String> environment;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * @param environment the variables of the process, for what must not be on a command line
   */
  Connection(Map<String, String> environment) {
    this.environment = environment;
  }

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:VARVE_ADDRESS:-localhost:2113}",
      description = "Where the store listens (VARVE_ADDRESS). Default: localhost:2113.")
  private String address = "";

  @Option(
      names = "--tls",
      defaultValue = "${env:VARVE_CLIENT_TLS:-false}",
      description = {
        "Encrypt the link (VARVE_CLIENT_TLS=true); the store's certificate is checked against"
            + " those",
        "that Java trusts, or against --ca."
      })
  private boolean tls;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      defaultValue = "${env:VARVE_CLIENT_CA:-}",
      description = {
        "Trust a store whose certificate was signed by one in this PEM file (VARVE_CLIENT_CA);"
            + " means",
        "--tls."
      })
  private String ca = "";

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      defaultValue = "${env:VARVE_CLIENT_CERT:-}",
      description = {
        "Show this certificate chain (PEM) to a store that wants one (VARVE_CLIENT_CERT); with",
        "--key."
      })
  private String certificate = "";

  @Option(
      names = "--key",
      paramLabel = "FILE",
      defaultValue = "${env:VARVE_CLIENT_KEY:-}",
      description = "The private key of --cert: PKCS#8 in PEM (VARVE_CLIENT_KEY).")
  private String key = "";

  @Option(
      names = "--server-name",
      paramLabel = "NAME",
      defaultValue = "${env:VARVE_CLIENT_SERVER_NAME:-}",
      description = {
        "The name that the store's certificate must have, where that is not the address's:"
            + " behind a",
        "tunnel, say (VARVE_CLIENT_SERVER_NAME); means --tls."
      })
  private String serverName = "";

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      defaultValue = "${env:VARVE_TOKEN_FILE:-}",
      description = {
        "Call with the token in this file (VARVE_TOKEN_FILE), which may be replaced meanwhile;"
            + " the",
        "token itself may be in VARVE_TOKEN."
      })
  private String tokenFile = "";

  @Option(
      names = "--user",
      paramLabel = "NAME",
      defaultValue = "${env:VARVE_USER:-}",
      description = {
        "Call as this user (VARVE_USER), with the password in --password-file or in VARVE_PASSWORD,"
            + " or",
        "asked for on a terminal."
      })
  private String user = "";

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      defaultValue = "${env:VARVE_PASSWORD_FILE:-}",
      description = "Where the password of --user is (VARVE_PASSWORD_FILE).")
  private String passwordFile = "";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "${env:VARVE_TIMEOUT:-10s}",
      description = "How long the store may take over an answer (VARVE_TIMEOUT). Default: 10s.")
  private String timeout = "";

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      defaultValue = "0",
      description = "Wait this long for a store that is not there yet. Default: not at all.")
  private String wait = "";

  /**
   * A connection to the store, which the caller closes. It is there: a store that cannot be reached
   * is told before anything is asked.
   *
   * @throws CommandFailure nobody listens there
   * @throws ParameterException an option is malformed
   */
  VarveClient open() {
    return builder().build();
  }

  /** The same, for a tool that has settings of its own. What it builds can be built. */
  VarveClient.Builder builder() {
    Endpoint endpoint = endpoint();
    Duration patience = duration("--timeout", timeout);
    if (patience.isZero()) {
      throw usage("--timeout must be longer than 0", null);
    }
    VarveClient.Builder builder =
        VarveClient.builder()
            .endpoint(endpoint.host(), endpoint.port())
            .deadline(patience)
            .retryFor(patience);
    encrypt(builder);
    identify(builder);
    refuseWhatCannotBeBuilt(builder);
    reach(endpoint, duration("--wait", wait));
    return builder;
  }

  private void encrypt(VarveClient.Builder builder) {
    if (certificate.isEmpty() != key.isEmpty()) {
      throw usage("--cert and --key go together", null);
    }
    if (!ca.isEmpty()) {
      builder.tls(Path.of(ca));
    } else if (tls || !(certificate + serverName).isEmpty()) {
      builder.tls();
    }
    if (!certificate.isEmpty()) {
      builder.clientCertificate(Path.of(certificate), Path.of(key));
    }
    if (!serverName.isEmpty()) {
      builder.serverName(serverName);
    }
  }

  /** A user who is named, or else a token. */
  private void identify(VarveClient.Builder builder) {
    if (!user.isEmpty() && !tokenFile.isEmpty()) {
      throw usage("--user and --token-file are two ways to say who calls; use one", null);
    }
    if (user.isEmpty() && !passwordFile.isEmpty()) {
      throw usage("--password-file needs --user", null);
    }
    String token = environment.getOrDefault("VARVE_TOKEN", "").strip();
    if (!user.isEmpty()) {
      builder.user(user, password());
    } else if (!tokenFile.isEmpty()) {
      SecretFile file = new SecretFile(Path.of(tokenFile));
      file.read(); // so that a file that is not there is told before anything is asked
      builder.token(file::current);
    } else if (!token.isEmpty()) {
      builder.token(token);
    }
  }

  /** Whether calls say who makes them. */
  boolean hasCredentials() {
    return !user.isEmpty()
        || !tokenFile.isEmpty()
        || !environment.getOrDefault("VARVE_TOKEN", "").isBlank();
  }

  private String password() {
    if (!passwordFile.isEmpty()) {
      return new SecretFile(Path.of(passwordFile)).read();
    }
    String password = environment.get("VARVE_PASSWORD");
    if (password == null) {
      password = Terminal.password("password for " + user + ": ");
    }
    if (password == null) {
      throw usage("--user needs a password: say --password-file FILE, or set VARVE_PASSWORD", null);
    }
    return password;
  }

  /**
   * Makes a client, which connects to nobody yet, so that what is wrong is told in one sentence.
   */
  private void refuseWhatCannotBeBuilt(VarveClient.Builder builder) {
    try {
      builder.build().close();
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()), e);
    } catch (UncheckedIOException e) {
      throw new CommandFailure(ExitCode.NOT_THERE, String.valueOf(e.getMessage()), e);
    }
  }

  /** Where the store is to be. */
  Endpoint endpoint() {
    try {
      return Endpoint.parse(address.contains("://") ? address : "varve://" + address);
    } catch (IllegalArgumentException e) {
      throw usage(
          "the address must look like localhost:2113 or varve://localhost:2113, was \""
              + address
              + "\" (--address, VARVE_ADDRESS)",
          e);
    }
  }

  /** Fails at once where the client would go on trying, and says what can be done. */
  private void reach(Endpoint endpoint, Duration patience) {
    long begun = System.nanoTime();
    while (true) {
      String problem = connect(endpoint);
      if (problem == null) {
        return;
      }
      if (System.nanoTime() - begun >= patience.toNanos()) {
        throw new CommandFailure(
            ExitCode.ADDRESS_UNAVAILABLE,
            "no store answers at "
                + endpoint
                + " ("
                + problem
                + "). Is it running there? Start one with \"varve serve --data DIR\", or name"
                + " another place with --address HOST:PORT or VARVE_ADDRESS.");
      }
      try {
        Thread.sleep(BETWEEN_TRIES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(ExitCode.ADDRESS_UNAVAILABLE, "interrupted while waiting", e);
      }
    }
  }

  /** Connects and hangs up: null if somebody was there, otherwise what went wrong. */
  private static @Nullable String connect(Endpoint endpoint) {
    try {
      String problem = null;
      for (InetAddress candidate : InetAddress.getAllByName(endpoint.host())) {
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(candidate, endpoint.port()), CONNECT_MILLIS);
          return null;
        } catch (IOException e) {
          problem = e.getMessage();
        }
      }
      return problem == null ? "no address" : problem;
    } catch (UnknownHostException e) {
      return "unknown host";
    }
  }

  private Duration duration(String option, String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw usage(option + " " + e.getMessage(), e);
    }
  }

  private ParameterException usage(String sentence, @Nullable Throwable cause) {
    return new ParameterException(command.commandLine(), sentence, cause);
  }
}
