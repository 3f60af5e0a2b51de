package io.varve.benchmarks.contender;

import io.varve.benchmarks.process.VarveProcess;
import io.varve.client.VarveClient;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.server.cli.bench.Stores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The store itself, in a process of its own, with its default settings. Its Java client sends all
 * appends of a connection through one call; other clients make a call for each append.
 */
public final class Varve implements Contender {
  /** How the others call it. */
  public static final String NAME = "varve";

  /** A program has one or a few, and all its threads share them. */
  static final int CONNECTIONS = 4;

  /** Enough for every pipelined shape of a campaign. */
  private static final int APPENDS_IN_FLIGHT = 16_384;

  private final boolean unary;
  private final @Nullable Path before;

  private Varve(boolean unary, @Nullable Path before) {
    this.unary = unary;
    this.before = before;
  }

  /** This build's, asked by its Java client. */
  public static Varve pipelined() {
    return new Varve(false, null);
  }

  /** This build's, with a call for each append. */
  public static Varve unary() {
    return new Varve(true, null);
  }

  /**
   * Another build's, asked by this build's client: what a change has brought.
   *
   * @param jar its {@code varve-server.jar}, with the libraries that it names beside it
   */
  public static Varve before(Path jar) {
    return new Varve(false, jar);
  }

  @Override
  public String name() {
    if (before != null) {
      return NAME + "-before";
    }
    return unary ? NAME + "-unary" : NAME;
  }

  @Override
  public @Nullable String missing() {
    return before == null || Files.isReadable(before) ? null : "there is no " + before;
  }

  @Override
  public String description() {
    return (before == null ? "Varve, " : "an earlier build of Varve, ")
        + CONNECTIONS
        + " connections, "
        + (unary ? "a gRPC call for each append" : "its Java client")
        + "; synced, version checked, indexed";
  }

  @Override
  public Set<Ability> abilities() {
    return unary
        ? EnumSet.of(Ability.APPEND, Ability.HOT, Ability.BATCH)
        : EnumSet.allOf(Ability.class);
  }

  @Override
  public Running start(Path folder) throws IOException {
    VarveProcess process =
        before == null
            ? VarveProcess.start(folder, List.of(), List.of())
            : VarveProcess.start(before.toAbsolutePath().toString(), folder, List.of(), List.of());
    if (unary) {
      return new UnaryCalls(process.port(), CONNECTIONS, process);
    }
    List<VarveClient> connections = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      connections.add(process.connect(APPENDS_IN_FLIGHT));
    }
    return new RunningVarve(process, connections);
  }

  /** A running store, which the shapes of {@code varve bench} can be run on too. */
  public static final class RunningVarve implements Running, Stores {
    private final VarveProcess process;
    private final List<VarveClient> connections;
    private int sessions;

    private RunningVarve(VarveProcess process, List<VarveClient> connections) {
      this.process = process;
      this.connections = connections;
    }

    @Override
    public EventStore of(int number) {
      return connections.get(number % connections.size());
    }

    @Override
    public Session connect() {
      return new VarveSession(of(sessions++));
    }

    @Override
    public void close() throws IOException {
      connections.forEach(VarveClient::close);
      process.close();
    }
  }

  /** A client of a store that speaks Varve's protocol. */
  record VarveSession(EventStore store) implements Session {
    @Override
    public long append(String stream, long expected, int events) {
      List<NewEvent> some = new ArrayList<>(events);
      for (int i = 0; i < events; i++) {
        some.add(NewEvent.of(Payload.TYPE, Payload.bytes()));
      }
      return store
          .append(
              stream,
              expected == ANY ? ExpectedVersion.any() : ExpectedVersion.exactly(expected),
              some)
          .version();
    }

    @Override
    public int read(String stream) {
      int count = 0;
      try (EventReader events = store.readStream(ReadStream.of(stream))) {
        for (var _ : events) {
          count++;
        }
      }
      return count;
    }

    @Override
    public void close() {
      // The connection is shared, and closed with the store.
    }
  }
}
