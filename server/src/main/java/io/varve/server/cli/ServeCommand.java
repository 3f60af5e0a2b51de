package io.varve.server.cli;

import io.varve.server.Release;
import io.varve.server.StartFailure;
import io.varve.server.VarveServer;
import io.varve.server.config.Limits;
import io.varve.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve serve}: runs a store until it is told to stop. */
@Command(
    name = "serve",
    description = "Runs a store until SIGTERM or SIGINT.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ServeCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The folder that holds the store; created when missing.")
  private Path data = Path.of("");

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "2113",
      description = "The port to listen on; 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = {
        "The address to listen on. Default: ${DEFAULT-VALUE}.",
        "There is no access control in this release: leave it on loopback, or guard it."
      })
  private String host = "";

  @Option(
      names = "--port-file",
      paramLabel = "FILE",
      description = "Write the port into this file once the store serves.")
  private @Nullable Path portFile;

  @Option(
      names = "--no-reflection",
      description = "Do not describe the services to callers; grpcurl then needs the .proto files.")
  private boolean noReflection;

  @Option(names = "--channelz", description = "Show connections and calls to callers (channelz).")
  private boolean channelz;

  @Option(
      names = "--snapshots-kept",
      paramLabel = "N",
      defaultValue = ServerConfig.DEFAULT_SNAPSHOTS_KEPT + "",
      description =
          "Keep the newest N snapshots of each stream; 0 keeps all. Default: ${DEFAULT-VALUE}.")
  private int snapshotsKept;

  @Option(
      names = "--scavenge-interval",
      paramLabel = "TIME",
      defaultValue = "1h",
      description = {
        "How often the space of hidden events is reclaimed, such as 30m, 12h, 7d or PT90M; 0: only",
        "when asked (Scavenge of varve.v1.Admin). Default: ${DEFAULT-VALUE}."
      })
  private String scavengeInterval = "";

  @Option(
      names = "--limit",
      paramLabel = "NAME=N",
      description = {
        "Change what one request may ask for; may be repeated. Names and defaults:",
        "stream-name-bytes 512, type-bytes 256, payload-bytes 4194304, content-type-bytes 256,",
        "metadata-bytes 65536, metadata-key-bytes 256, tags 64, tag-bytes 256,",
        "events-per-append 10000, append-bytes 16777216, transact-streams 1000,",
        "conditions 100, condition-terms 1000, query-items 1000."
      })
  private Map<String, Integer> changedLimits = Map.of();

  @Override
  public Integer call() throws InterruptedException {
    long begun = System.nanoTime();
    if (port < 0 || port > 65_535) {
      return fail(ExitCode.USAGE, "--port must be from 0 to 65535, was " + port);
    }
    if (snapshotsKept < 0) {
      return fail(
          ExitCode.USAGE, "--snapshots-kept must be 0 (all) or higher, was " + snapshotsKept);
    }
    Duration everySoOften;
    try {
      everySoOften = Durations.parse(scavengeInterval);
    } catch (IllegalArgumentException e) {
      return fail(ExitCode.USAGE, "--scavenge-interval " + e.getMessage());
    }
    Limits limits = Limits.defaults();
    try {
      for (Map.Entry<String, Integer> changed : changedLimits.entrySet()) {
        limits = limits.with(changed.getKey(), changed.getValue());
      }
    } catch (IllegalArgumentException e) {
      return fail(ExitCode.USAGE, "--limit: " + e.getMessage());
    }
    ServerConfig config =
        new ServerConfig(
            data, host, port, limits, !noReflection, channelz, snapshotsKept, everySoOften);
    VarveServer server;
    try {
      server = VarveServer.start(config);
    } catch (StartFailure e) {
      log.debug("the server could not be started", e);
      return fail(ExitCode.of(e.kind()), e.getMessage());
    }
    Thread hook = stopOnSignal(server);
    try {
      writePortFile(server.port());
      report(server, Duration.ofNanos(System.nanoTime() - begun));
      new CountDownLatch(1).await(); // the signal's handler ends the process
      return ExitCode.OK.code();
    } catch (IOException e) {
      return fail(
          ExitCode.FOLDER_UNUSABLE,
          "cannot write the port file " + portFile + ": " + StartFailure.reasonOf(e));
    } finally {
      // Only a failure gets here, and the handler would end the process as a stop that was asked
      // for.
      Runtime.getRuntime().removeShutdownHook(hook);
      server.close();
    }
  }

  private static Integer fail(ExitCode code, @Nullable String sentence) {
    System.err.println("varve: " + sentence);
    return code.code();
  }

  /**
   * Closes the server on SIGTERM and SIGINT and ends with 0: a stop that was asked for is no
   * failure, though a JVM left to itself would report 143.
   */
  private static Thread stopOnSignal(VarveServer server) {
    Thread hook =
        new Thread(
            () -> {
              log.info("stopping");
              server.close();
              log.info("stopped");
              Runtime.getRuntime().halt(ExitCode.OK.code());
            },
            "varve-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    return hook;
  }

  /** Whoever waits for the file sees either nothing or the whole number. */
  private void writePortFile(int listening) throws IOException {
    Path file = portFile;
    if (file == null) {
      return;
    }
    Path target = file.toAbsolutePath();
    Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
    Files.writeString(unfinished, listening + "\n");
    Files.move(
        unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private void report(VarveServer server, Duration took) {
    log.info(
        "varve {}, Java {}, data folder {}, store {}, head {}",
        Release.number(),
        Runtime.version().feature(),
        data.toAbsolutePath().normalize(),
        server.storeId(),
        server.headPosition());
    log.info("ready on {}:{} in {} ms", host, server.port(), took.toMillis());
  }
}
