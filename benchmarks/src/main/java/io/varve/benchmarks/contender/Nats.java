package io.varve.benchmarks.contender;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.Options;
import io.nats.client.PublishOptions;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.varve.benchmarks.process.ChildProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * NATS JetStream with {@code sync_interval: always}: an event is synced before its publisher hears
 * of it. A stream of events is a subject, and the version check is JetStream's own on the subject's
 * last sequence number. The server is a program of one file, which Go builds from its module:
 *
 * <pre>{@code
 * GOBIN=$PWD/benchmarks/target/contenders go install github.com/nats-io/nats-server/v2@v2.15.2
 * }</pre>
 */
public final class Nats implements Contender {
  private final @Nullable Path server;

  /**
   * @param given the program; null: whatever is in the usual place or on the path
   * @param usual the folder where it usually is
   */
  public Nats(@Nullable Path given, Path usual) {
    this.server = given != null ? given : find(usual);
  }

  private static @Nullable Path find(Path usual) {
    List<Path> folders = new ArrayList<>(List.of(usual));
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      if (!folder.isEmpty()) {
        folders.add(Path.of(folder));
      }
    }
    for (Path folder : folders) {
      Path program = folder.resolve("nats-server");
      if (Files.isExecutable(program)) {
        return program.toAbsolutePath();
      }
    }
    return null;
  }

  @Override
  public String name() {
    return "nats";
  }

  @Override
  public String description() {
    return "NATS JetStream with sync_interval always; synced, last sequence of the subject checked";
  }

  @Override
  public Set<Ability> abilities() {
    return EnumSet.of(Ability.APPEND, Ability.HOT);
  }

  @Override
  public @Nullable String missing() {
    return server != null && Files.isExecutable(server)
        ? null
        : "no nats-server: go install github.com/nats-io/nats-server/v2@v2.15.2 with"
            + " GOBIN=benchmarks/target/contenders (absolute), or --nats-server FILE";
  }

  @Override
  public Running start(Path folder) throws IOException {
    Path program = server;
    if (program == null) {
      throw new IOException(missing());
    }
    Files.createDirectories(folder);
    Path config = folder.resolve("nats.conf");
    int port = ChildProcess.freePort();
    Files.writeString(
        config,
        """
        listen: "127.0.0.1:%d"
        jetstream {
          store_dir: "%s"
          sync_interval: always
        }
        """
            .formatted(port, folder.resolve("data")));
    ChildProcess process =
        ChildProcess.start(folder, List.of(program.toString(), "-c", config.toString()));
    try {
      process.awaitListening(port);
      return new RunningNats(process, port);
    } catch (IOException | InterruptedException | JetStreamApiException | RuntimeException e) {
      process.close();
      throw new IOException(e);
    }
  }

  private static final class RunningNats implements Running {
    private final ChildProcess process;
    private final List<Connection> connections = new ArrayList<>();
    private int sessions;

    RunningNats(ChildProcess process, int port)
        throws IOException, InterruptedException, JetStreamApiException {
      this.process = process;
      Options options =
          Options.builder()
              .server("nats://127.0.0.1:" + port)
              .connectionTimeout(Duration.ofMinutes(1))
              .build();
      for (int i = 0; i < Varve.CONNECTIONS; i++) {
        connections.add(io.nats.client.Nats.connect(options));
      }
      var _ =
          connections
              .getFirst()
              .jetStreamManagement()
              .addStream(
                  StreamConfiguration.builder()
                      .name("events")
                      .subjects("events.>")
                      .storageType(StorageType.File)
                      .build());
    }

    @Override
    public Session connect() throws IOException {
      return new NatsSession(connections.get(sessions++ % connections.size()).jetStream());
    }

    @Override
    public void close() throws IOException {
      try {
        for (Connection connection : connections) {
          connection.close();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      } finally {
        process.close();
      }
    }
  }

  private record NatsSession(JetStream events) implements Session {
    @Override
    public long append(String stream, long expected, int events) {
      PublishOptions.Builder options =
          PublishOptions.builder().streamTimeout(Duration.ofMinutes(1));
      if (expected != ANY) {
        options.expectedLastSubjectSequence(expected);
      }
      try {
        long sequence =
            this.events.publish("events." + stream, Payload.bytes(), options.build()).getSeqno();
        return expected == ANY ? ANY : sequence;
      } catch (IOException | JetStreamApiException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      // The connection is shared.
    }
  }
}
