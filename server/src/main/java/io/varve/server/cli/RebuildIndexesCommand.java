package io.varve.server.cli;

import io.varve.server.OfflineTools;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code varve rebuild-indexes}: makes the indexes of a data folder anew. */
@Command(
    name = "rebuild-indexes",
    description = {
      "Makes the indexes of a data folder anew from its log, beside those that are there, and puts",
      "them into their place at the end. Cut off, it goes on where it was when it is begun again."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class RebuildIndexesCommand implements Callable<Integer> {
  @Mixin private Output output;

  @Parameters(paramLabel = "DIR", description = "A data folder that no server has open.")
  private Path folder = Path.of("");

  @Override
  public Integer call() {
    long[] reached = {0};
    try (Bar bar = new Bar(output.err())) {
      OfflineFailures.toldOf(
          () ->
              OfflineTools.rebuildIndexes(
                  folder,
                  (position, last) -> {
                    reached[0] = last;
                    bar.at("making the indexes", position, last);
                  }));
    }
    output.lineNow(
        new JsonLine()
            .put("data", folder.toAbsolutePath().normalize().toString())
            .put("position", reached[0])
            .end());
    return ExitCode.OK.code();
  }
}
