package io.varve.benchmarks.plot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes pictures of what {@code Campaign} and {@code StoreGrowth} have measured.
 *
 * <pre>{@code
 * java -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     io.varve.benchmarks.plot.Plots --campaign campaign.json --growth growth.jsonl --out docs/plots
 * }</pre>
 */
@Command(
    name = "Plots",
    description = "Makes SVG pictures of measured figures.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class Plots implements Callable<Integer> {
  @Option(names = "--campaign", paramLabel = "FILE", description = "What Campaign --json wrote.")
  private @Nullable Path campaign;

  @Option(names = "--growth", paramLabel = "FILE", description = "What StoreGrowth --json wrote.")
  private @Nullable Path growth;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The folder for the pictures; those of the same names are replaced.")
  private Path out = Path.of("");

  /** Runs it and ends the process. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Plots()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    JsonMapper json = JsonMapper.shared();
    Map<String, String> pictures = new LinkedHashMap<>();
    if (campaign != null) {
      pictures.putAll(new CampaignPlots(json.readTree(Files.readString(campaign))).pictures());
    }
    if (growth != null) {
      pictures.putAll(
          new GrowthPlots(
                  Files.readAllLines(growth).stream()
                      .filter(line -> !line.isBlank())
                      .map(json::readTree)
                      .toList())
              .pictures());
    }
    Files.createDirectories(out);
    for (Map.Entry<String, String> picture : pictures.entrySet()) {
      Files.writeString(out.resolve(picture.getKey()), picture.getValue());
      System.out.println(out.resolve(picture.getKey()));
    }
    return CommandLine.ExitCode.OK;
  }
}
