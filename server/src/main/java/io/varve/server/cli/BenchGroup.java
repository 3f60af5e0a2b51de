package io.varve.server.cli;

import io.varve.server.cli.bench.GroupShape;
import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.cli.bench.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve bench group}. */
@Command(
    name = "group",
    description = {
      "From an append's due time until a consumer of a group has its event, which it acks.",
      "",
      "The clients append at --rate (default 100 a second in all). The group is removed at the"
          + " end.",
      ""
    },
    mixinStandardHelpOptions = true)
final class BenchGroup extends BenchShape {
  @Option(
      names = "--consumers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Consumers of the group. Default: ${DEFAULT-VALUE}.")
  private int consumers;

  @Override
  Shape shape() {
    require(consumers >= 1 && consumers <= 1_000, "--consumers must be from 1 to 1000");
    return new GroupShape(consumers);
  }

  @Override
  LoadPlan plan(LoadPlan asked) {
    return asked.openAt(BenchSubscribe.DEFAULT_RATE);
  }

  @Override
  void describe(JsonLine line) {
    line.put("consumers", consumers);
  }
}
