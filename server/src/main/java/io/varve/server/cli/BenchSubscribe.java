package io.varve.server.cli;

import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.Shape;
import io.varve.server.cli.bench.SubscribeShape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench subscribe}. */
@Command(
    name = "subscribe",
    description = {
      "From an append's due time until a live subscriber has its event.",
      "",
      "The clients append at --rate (default 100 a second in all); every subscriber's every event",
      "counts. Warm-up events are left out.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchSubscribe extends BenchShape {
  static final double DEFAULT_RATE = 100;

  @Option(
      names = "--subscribers",
      paramLabel = "N",
      defaultValue = "1",
      description = "Live subscribers. Default: ${DEFAULT-VALUE}.")
  private int subscribers;

  @Override
  Shape shape() {
    require(subscribers >= 1 && subscribers <= 10_000, "--subscribers must be 1 to 10000");
    return new SubscribeShape(subscribers);
  }

  @Override
  LoadPlan plan(LoadPlan asked) {
    return asked.openAt(DEFAULT_RATE);
  }

  @Override
  void describe(JsonLine line) {
    line.put("subscribers", subscribers);
  }
}
