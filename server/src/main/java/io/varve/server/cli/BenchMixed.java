package io.varve.server.cli;

import io.varve.server.cli.bench.MixedShape;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench mixed}. */
@Command(
    name = "mixed",
    description = {
      "Durable appends under an expected version, while readers read whole streams one after"
          + " another.",
      "Requests and --rate are about the appends; the reads have figures of their own.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchMixed extends BenchShape {
  @Option(
      names = "--readers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Readers. Default: ${DEFAULT-VALUE}.")
  private int readers;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "20",
      description = "Events of each stream that is read. Default: ${DEFAULT-VALUE}.")
  private int events;

  @Option(
      names = "--payload",
      paramLabel = "BYTES",
      defaultValue = "200",
      description = "Bytes of each payload that is appended. Default: ${DEFAULT-VALUE}.")
  private int payload;

  @Override
  Shape shape() {
    require(readers >= 1 && readers <= 10_000, "--readers must be from 1 to 10000");
    requireEvents(events);
    requirePayload(payload);
    return new MixedShape(readers, events, payload);
  }

  @Override
  void describe(JsonLine line) {
    line.put("events_of_a_stream", events).put("payload_bytes", payload);
  }
}
