package io.varve.server.cli;

import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.PipelineShape;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench pipeline}. */
@Command(
    name = "pipeline",
    description = {
      "Durable appends under an expected version that do not wait for one another: each client has",
      "up to a window of them unanswered.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchPipeline extends BenchShape {
  private static final int MOST_IN_FLIGHT = 1 << 20;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "64",
      description = "Appends of each client that may be unanswered. Default: ${DEFAULT-VALUE}.")
  private int window;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Events in one append. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--payload",
      paramLabel = "BYTES",
      defaultValue = "200",
      description = "Bytes of each payload. Default: ${DEFAULT-VALUE}.")
  private int payload;

  @Override
  Shape shape() {
    require(window >= 1 && window <= 65_536, "--window must be from 1 to 65536");
    requireBatch(batch);
    requirePayload(payload);
    return new PipelineShape(window, batch, payload);
  }

  @Override
  int appendsInFlight(LoadPlan plan) {
    return (int) Math.min((long) window * plan.clients(), MOST_IN_FLIGHT);
  }

  @Override
  void describe(JsonLine line) {
    line.put("window", window).put("batch", batch).put("payload_bytes", payload);
  }
}
