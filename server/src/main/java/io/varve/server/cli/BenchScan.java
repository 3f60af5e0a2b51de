package io.varve.server.cli;

import io.varve.server.cli.bench.ScanShape;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code varve bench scan}. */
@Command(
    name = "scan",
    description = {
      "The log, from a random place on; with a query, only the events that match, of what there"
          + " is.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchScan extends BenchShape {
  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Events of each scan, if there are as many. Default: ${DEFAULT-VALUE}.")
  private int events;

  @Mixin private QueryOptions query;

  @Override
  Shape shape() {
    require(events >= 1, "--events must be 1 or higher");
    return new ScanShape(events, query.query());
  }

  @Override
  void describe(JsonLine line) {
    line.put("events_of_a_scan", events).put("filtered", query.isGiven());
  }
}
