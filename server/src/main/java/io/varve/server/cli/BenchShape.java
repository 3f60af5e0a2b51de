package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.ServerInfo;
import io.varve.server.cli.bench.LoadFailure;
import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.Shape;
import io.varve.server.cli.bench.ShapeResult;
import io.varve.server.cli.bench.Stores;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all shapes of {@code varve bench} do: connect, load, and print one line. */
abstract class BenchShape implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Mixin private Load load;

  @Mixin private Connection connection;

  @Mixin private Output output;

  /**
   * The shape, from the options.
   *
   * @throws ParameterException one of them makes no sense
   */
  abstract Shape shape();

  /** Puts into the line what the shape was told. */
  abstract void describe(JsonLine line);

  /** The plan, from the options; a shape may change it. */
  LoadPlan plan(LoadPlan asked) {
    return asked;
  }

  /** How many appends each of the connections must let through unanswered, at least. */
  int appendsInFlight(LoadPlan plan) {
    return 1;
  }

  @Override
  public final Integer call() {
    Shape shape = shape();
    LoadPlan plan = plan(load.plan());
    try (Clients clients =
        new Clients(connection, load.connections(), Math.max(1_024, appendsInFlight(plan)))) {
      ShapeResult result = shape.run(clients, plan);
      JsonLine line = LoadReport.line(command.name(), load.connections(), result);
      describe(line);
      ServerInfo info = clients.of(0).serverInfo();
      output.lineNow(
          line.put("release", info.release())
              .put("store_id", info.storeId().toString())
              .put("processors", Runtime.getRuntime().availableProcessors())
              .end());
    } catch (LoadFailure e) {
      throw new CommandFailure(ExitCode.NOT_THERE, String.valueOf(e.getMessage()), e);
    }
    return ExitCode.OK.code();
  }

  /** Refuses an option with a sentence. */
  final void require(boolean holds, String sentence) {
    if (!holds) {
      throw new ParameterException(command.commandLine(), sentence);
    }
  }

  final void requirePayload(int bytes) {
    require(bytes >= 0 && bytes <= 4 << 20, "--payload must be from 0 to 4194304");
  }

  final void requireBatch(int events) {
    require(events >= 1 && events <= 10_000, "--batch must be from 1 to 10000");
  }

  final void requireEvents(int events) {
    require(events >= 1 && events <= 10_000, "--events must be from 1 to 10000");
  }

  /** The connections, which clients share round robin if there are fewer. */
  private static final class Clients implements Stores, AutoCloseable {
    private final List<VarveClient> stores = new ArrayList<>();

    Clients(Connection connection, int count, int appendsInFlight) {
      VarveClient.Builder builder = connection.builder().maxAppendsInFlight(appendsInFlight);
      for (int i = 0; i < count; i++) {
        stores.add(builder.build());
      }
    }

    @Override
    public VarveClient of(int number) {
      return stores.get(number % stores.size());
    }

    @Override
    public void close() {
      stores.forEach(VarveClient::close);
    }
  }
}
