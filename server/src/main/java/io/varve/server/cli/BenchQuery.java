package io.varve.server.cli;

import io.varve.server.cli.bench.QueryShape;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench query}. */
@Command(
    name = "query",
    description = {
      "Queries that the indexes answer: all events with a type and a tag, which lie scattered in"
          + " the",
      "log among others. A thousand times as many events are written before.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchQuery extends BenchShape {
  @Option(
      names = "--matches",
      paramLabel = "N",
      defaultValue = "20",
      description = "Events that match each query. Default: ${DEFAULT-VALUE}.")
  private int matches;

  @Override
  Shape shape() {
    require(matches >= 1 && matches <= 10_000, "--matches must be from 1 to 10000");
    return new QueryShape(matches);
  }

  @Override
  void describe(JsonLine line) {
    line.put("matches", matches);
  }
}
