package io.varve.benchmarks.contender;

import io.varve.benchmarks.process.ChildProcess;
import io.varve.client.VarveClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The raw limit of the wire: a server in a process of its own that answers Varve's appends at once
 * and keeps nothing.
 */
public final class GrpcEcho implements Contender {
  private final boolean unary;

  /**
   * @param unary whether each append is a call of its own; otherwise Varve's client asks, which
   *     sends all of a connection through one call
   */
  public GrpcEcho(boolean unary) {
    this.unary = unary;
  }

  @Override
  public String name() {
    return unary ? "grpc-echo-unary" : "grpc-echo";
  }

  @Override
  public String description() {
    return "raw limit: gRPC with Varve's messages, "
        + (unary ? "a call for each append" : "its Java client")
        + "; nothing is kept, nothing checked";
  }

  @Override
  public Set<Ability> abilities() {
    return EnumSet.of(Ability.APPEND, Ability.HOT, Ability.BATCH);
  }

  @Override
  public Running start(Path folder) throws IOException {
    Path portFile = folder.resolve("port");
    ChildProcess process =
        ChildProcess.start(
            folder,
            ChildProcess.java(
                folder,
                ChildProcess.ownClassPath(),
                List.of(
                    "-XX:+UseCompactObjectHeaders",
                    EchoServer.class.getName(),
                    portFile.toString())));
    try {
      int port = Integer.parseInt(process.awaitFile(portFile));
      if (unary) {
        return new UnaryCalls(port, Varve.CONNECTIONS, process);
      }
      List<VarveClient> connections = new ArrayList<>();
      for (int i = 0; i < Varve.CONNECTIONS; i++) {
        connections.add(VarveClient.builder().endpoint("127.0.0.1", port).build());
      }
      return new RunningEcho(process, connections);
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  private static final class RunningEcho implements Running {
    private final ChildProcess process;
    private final List<VarveClient> connections;
    private int sessions;

    RunningEcho(ChildProcess process, List<VarveClient> connections) {
      this.process = process;
      this.connections = connections;
    }

    @Override
    public Session connect() {
      return new Varve.VarveSession(connections.get(sessions++ % connections.size()));
    }

    @Override
    public void close() throws IOException {
      connections.forEach(VarveClient::close);
      process.close();
    }
  }
}
