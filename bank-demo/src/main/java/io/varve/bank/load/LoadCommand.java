package io.varve.bank.load;

import io.varve.bank.load.TransferLoad.Plan;
import io.varve.bank.load.TransferLoad.Result;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bank-demo load}: transfers on a running demo, measured. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = LoadCommand.EXIT_USAGE,
    exitCodeOnExecutionException = LoadCommand.EXIT_FAILED,
    description = {
      "Puts a load of transfers on a running demo and measures it: how many a second, and how long"
          + " each takes from the request to the end of its saga.",
      "The accounts are its own. Afterwards their money is counted; a cent amiss is a failure."
    })
public final class LoadCommand implements Callable<Integer> {

  static final int EXIT_FAILED = 1;
  static final int EXIT_USAGE = 64; // as sysexits.h has it

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--demo",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8000",
      description = "The running demo (default: ${DEFAULT-VALUE}).")
  private URI demo = URI.create("");

  @Option(
      names = "--clients",
      defaultValue = "32",
      description = "Who ask at the same time (default: ${DEFAULT-VALUE}).")
  private int clients;

  @Option(
      names = "--accounts",
      defaultValue = "200",
      description =
          "Accounts to move money between; the fewer, the more they are fought over (default:"
              + " ${DEFAULT-VALUE}).")
  private int accounts;

  @Option(
      names = "--seconds",
      defaultValue = "30",
      description = "How long it is measured (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "How long it runs before it is measured (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Transfers a second, due at fixed times whatever the demo does; 0: as many as it answers"
              + " (default: ${DEFAULT-VALUE}).")
  private int rate;

  @Override
  public Integer call() throws InterruptedException {
    require("--clients", clients, 1, 10_000);
    require("--accounts", accounts, 2, 100_000);
    require("--seconds", seconds, 1, 86_400);
    require("--warm-up", warmUp, 0, 86_400);
    require("--rate", rate, 0, 1_000_000);
    if (demo.getHost() == null || !"http".equals(demo.getScheme())) {
      throw new ParameterException(
          spec.commandLine(), "--demo must be like http://127.0.0.1:8000, was " + demo);
    }
    Plan plan =
        new Plan(
            demo, clients, accounts, Duration.ofSeconds(warmUp), Duration.ofSeconds(seconds), rate);
    try {
      report(new TransferLoad(plan).run());
      return 0;
    } catch (IOException e) {
      spec.commandLine()
          .getErr()
          .println(
              "bank-demo: "
                  + (e.getMessage() == null ? "no demo answers at " + demo : e.getMessage()));
      return EXIT_FAILED;
    }
  }

  private void require(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " must be from " + least + " to " + most + ", was " + value);
    }
  }

  private void report(Result result) {
    Histogram micros = result.micros();
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%d transfers in %.1f s with %d clients on %d accounts: %.0f a second%n"
                + "milliseconds: median %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, longest %.1f%n"
                + "answers by status: %s; unanswered: %d; all money is there%n",
            micros.getTotalCount(),
            result.took().toMillis() / 1000.0,
            clients,
            accounts,
            result.perSecond(),
            micros.getValueAtPercentile(50) / 1000.0,
            micros.getValueAtPercentile(90) / 1000.0,
            micros.getValueAtPercentile(99) / 1000.0,
            micros.getValueAtPercentile(99.9) / 1000.0,
            micros.getMaxValue() / 1000.0,
            result.statuses(),
            result.unanswered());
  }
}
