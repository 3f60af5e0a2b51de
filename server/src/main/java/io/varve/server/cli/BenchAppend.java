package io.varve.server.cli;

import io.varve.server.cli.bench.AppendShape;
import io.varve.server.cli.bench.AppendShape.Target;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench append}. */
@Command(
    name = "append",
    description = "Durable appends under an expected version, each client to a stream of its own.",
    mixinStandardHelpOptions = true)
final class BenchAppend extends BenchShape {
  @Option(names = "--hot", description = "All clients to one stream, whatever its version.")
  private boolean hot;

  @Option(
      names = "--contend",
      description = {
        "All clients to one stream, each under the version that it last saw; a conflict is tried"
            + " again",
        "until the append is taken, and all of that is one request."
      })
  private boolean contend;

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
    requireBatch(batch);
    requirePayload(payload);
    require(!(hot && contend), "--hot and --contend are two ways to use one stream; use one");
    Target target = hot ? Target.HOT_STREAM : contend ? Target.CONTENDED_STREAM : Target.OWN_STREAM;
    return new AppendShape(target, batch, payload);
  }

  @Override
  void describe(JsonLine line) {
    line.put("hot", hot).put("contend", contend).put("batch", batch).put("payload_bytes", payload);
  }
}
