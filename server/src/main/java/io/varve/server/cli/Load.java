package io.varve.server.cli;

import io.varve.server.cli.bench.LoadPlan;
import io.varve.server.config.Durations;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a store is loaded. */
final class Load {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "16",
      description = "Clients that ask at the same time. Default: ${DEFAULT-VALUE}.")
  private int clients;

  @Option(
      names = "--connections",
      paramLabel = "N",
      description = "Connections that they share. Default: one each.")
  private @Nullable Integer connections;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      description = "How long is measured. Default: ${DEFAULT-VALUE}.")
  private String duration = "";

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      defaultValue = "5s",
      description = "How long before that is not. Default: ${DEFAULT-VALUE}.")
  private String warmUp = "";

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Requests a second, of all clients together: an open loop. Default: closed.")
  private @Nullable Double rate;

  /**
   * The connections that the clients share.
   *
   * @throws ParameterException there are none
   */
  int connections() {
    int count = connections == null ? clients : connections;
    if (count < 1) {
      throw usage("--clients and --connections must be 1 or higher");
    }
    return count;
  }

  /**
   * The plan.
   *
   * @throws ParameterException an option makes no sense
   */
  LoadPlan plan() {
    Duration measured = duration("--duration", duration);
    if (measured.isZero()) {
      throw usage("--duration must be longer than 0");
    }
    if (clients < 1 || clients > LoadPlan.MOST_CLIENTS) {
      throw usage("--clients must be from 1 to " + LoadPlan.MOST_CLIENTS + ", was " + clients);
    }
    if (rate != null && !(rate > 0)) {
      throw usage("--rate must be higher than 0, was " + rate);
    }
    return new LoadPlan(clients, rate, duration("--warm-up", warmUp), measured);
  }

  private Duration duration(String option, String text) {
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), option + " " + e.getMessage(), e);
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
