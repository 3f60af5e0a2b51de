package io.varve.server.cli;

import io.varve.server.cli.bench.ConditionalShape;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench conditional}. */
@Command(
    name = "conditional",
    description = {
      "Durable appends of one event under an append condition: that no event with a tag has come",
      "since the client last looked. Each client has a tag of its own.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchConditional extends BenchShape {
  @Option(
      names = "--hot",
      description = {
        "All clients have the same tag; a condition that fails is tried again until the append is",
        "taken, and all of that is one request."
      })
  private boolean hot;

  @Option(
      names = "--payload",
      paramLabel = "BYTES",
      defaultValue = "200",
      description = "Bytes of each payload. Default: ${DEFAULT-VALUE}.")
  private int payload;

  @Override
  Shape shape() {
    requirePayload(payload);
    return new ConditionalShape(hot, payload);
  }

  @Override
  void describe(JsonLine line) {
    line.put("hot", hot).put("payload_bytes", payload);
  }
}
