package io.varve.server.cli;

import io.varve.server.cli.bench.ReadShape;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench read}. */
@Command(
    name = "read",
    description = "Whole streams of a few events, one after another.",
    mixinStandardHelpOptions = true)
final class BenchRead extends BenchShape {
  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "20",
      description = "Events of each stream. Default: ${DEFAULT-VALUE}.")
  private int events;

  @Override
  Shape shape() {
    requireEvents(events);
    return new ReadShape(events);
  }

  @Override
  void describe(JsonLine line) {
    line.put("events_of_a_stream", events);
  }
}
