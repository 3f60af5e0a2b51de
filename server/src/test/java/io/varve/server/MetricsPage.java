package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the documentation says of metrics, and a scrape in the same form. */
final class MetricsPage {
  static final Path DOCS =
      Path.of(System.getProperty("basedir", "")).toAbsolutePath().resolve("../docs").normalize();
  private static final Pattern NAME =
      Pattern.compile("\\b(?:varve|jvm|process|system)_\\w+|\\bup\\b");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

  private MetricsPage() {}

  /** The rows of docs/metrics.md that are ours: by name, as the page has them. */
  static Map<String, String> ours() throws IOException {
    Map<String, String> rows = new TreeMap<>();
    for (String line : Files.readAllLines(DOCS.resolve("metrics.md"), UTF_8)) {
      if (line.startsWith("| `varve_")) {
        rows.put(line.substring(3, line.indexOf('`', 3)), line);
      }
    }
    return rows;
  }

  /** A scrape as rows of the page: what is ours, with its kind, labels and meaning. */
  static Map<String, String> rowsOf(String scrape) {
    Map<String, String> rows = new TreeMap<>();
    List<String> lines = scrape.lines().toList();
    for (String line : lines) {
      String[] words = line.split(" ", 4);
      if (!line.startsWith("# HELP varve_")) {
        continue;
      }
      String name = words[2];
      String kind =
          lines.stream()
              .filter(type -> type.startsWith("# TYPE " + name + " "))
              .map(type -> type.substring(type.lastIndexOf(' ') + 1))
              .findFirst()
              .orElseThrow();
      rows.put(
          name,
          "| `%s` | %s | %s | %s |".formatted(name, kind, labelsOf(name, lines), words[3].strip()));
    }
    return rows;
  }

  private static String labelsOf(String name, List<String> lines) {
    Set<String> labels = new TreeSet<>(Comparator.naturalOrder());
    Pattern sample = Pattern.compile(name + "(?:_bucket|_count|_sum)?\\{(.*)} .*");
    for (String line : lines) {
      Matcher matcher = sample.matcher(line);
      if (matcher.matches()) {
        LABEL.matcher(matcher.group(1)).results().map(found -> found.group(1)).forEach(labels::add);
      }
    }
    labels.remove("le");
    return String.join(", ", labels);
  }

  /** The metrics that a file beside the page names. */
  static Set<String> metricsNamedIn(String file) throws IOException {
    String text = Files.readString(DOCS.resolve(file), UTF_8);
    return NAME.matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
