package io.varve.bank;

import io.varve.bank.readmodel.Projections;
import io.varve.bank.web.AdminClient;
import io.varve.bank.web.AdminClient.Progress;
import io.varve.bank.web.AdminClient.RefusedException;
import java.io.Console;
import java.time.Duration;
import java.util.Iterator;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bank-demo rebuild}: a projection of a running demo, built anew. */
@Command(
    name = "rebuild",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = BankDemo.EXIT_USAGE,
    exitCodeOnExecutionException = BankDemo.EXIT_FAILED,
    description = {
      "Has a running demo build a projection anew from the first event, beside the one that it"
          + " serves. When it has caught up it takes the other's place; queries go on all the"
          + " time.",
      "Exits with 0 when the new one is served. If this is ended before, the demo goes on with it."
    })
final class RebuildCommand implements Callable<Integer> {

  /** For completion and help. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Projections.NAMES.iterator();
    }
  }

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "PROJECTION",
      completionCandidates = Names.class,
      description = "One of ${COMPLETION-CANDIDATES}.")
  private String projection = "";

  @Option(
      names = "--demo",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:8000",
      description = "The running demo (default: ${DEFAULT-VALUE}).")
  private String demo = "";

  @Override
  public Integer call() throws InterruptedException {
    if (!Projections.NAMES.contains(projection)) {
      throw new ParameterException(
          spec.commandLine(),
          "there is no projection "
              + projection
              + "; there are "
              + String.join(", ", Projections.NAMES));
    }
    try (AdminClient client = client()) {
      int generation = client.rebuild(projection);
      watch(client, generation);
      System.out.println(projection + " is rebuilt; generation " + generation + " is served");
      return 0;
    } catch (RefusedException e) {
      System.err.println("bank-demo: " + e.getMessage());
      return BankDemo.EXIT_FAILED;
    }
  }

  private AdminClient client() {
    try {
      return new AdminClient(demo);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--demo: " + e.getMessage(), e);
    }
  }

  private void watch(AdminClient client, int generation)
      throws RefusedException, InterruptedException {
    // Whether there is a console where there is no terminal differs from one JDK to the next.
    boolean terminal = Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    ProgressBar bar = new ProgressBar(System.out, terminal, projection);
    try {
      @Nullable String noted = null;
      while (true) {
        Progress progress = client.progress(projection, generation);
        boolean isNews = terminal || !Objects.equals(progress.failure(), noted);
        noted = progress.failure();
        bar.show(progress.position(), progress.head(), noted != null && isNews ? noted : "");
        if (progress.served() >= generation) {
          return;
        }
        Thread.sleep(BETWEEN_LOOKS);
      }
    } finally {
      bar.leave();
    }
  }
}
