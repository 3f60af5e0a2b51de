package io.varve.benchmarks.campaign;

import io.varve.benchmarks.contender.Contender;
import io.varve.benchmarks.contender.Varve;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What a campaign came to: a table for people, and JSON for the plots. */
final class CampaignReport {
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Machine machine;
  private final String settings;
  private final List<Cell> cells;
  private final Map<Contender, String> leftOut;

  /**
   * @param settings how it was run, in words
   * @param leftOut why some are not there
   */
  CampaignReport(
      Machine machine, String settings, List<Cell> cells, Map<Contender, String> leftOut) {
    this.machine = machine;
    this.settings = settings;
    this.cells = cells;
    this.leftOut = leftOut;
  }

  /**
   * Two tables: events a second with the ratio against Varve, and latencies of a request; each
   * workload is a row.
   */
  String markdown() {
    List<Contender> contenders = cells.stream().map(Cell::contender).distinct().toList();
    StringBuilder text = new StringBuilder();
    text.append(machine.sentence()).append(' ').append(settings).append("\n\n");
    for (Contender contender : contenders) {
      text.append("- ").append(contender.name()).append(": ").append(contender.description());
      text.append(".\n");
    }
    leftOut.forEach(
        (contender, why) ->
            text.append("- ")
                .append(contender.name())
                .append(" left out: ")
                .append(why)
                .append(".\n"));
    text.append("\nEvents a second, median of the rounds (times Varve's in the same round):\n\n");
    table(text, contenders, CampaignReport::rate);
    text.append("\nLatency of a request in microseconds, median / 99th percentile:\n\n");
    table(text, contenders, CampaignReport::latency);
    appendDeliveries(text);
    return text.toString();
  }

  private interface Show {
    String show(Cell cell, @Nullable Cell varve);
  }

  private void table(StringBuilder text, List<Contender> contenders, Show show) {
    text.append("| workload |");
    contenders.forEach(contender -> text.append(' ').append(contender.name()).append(" |"));
    text.append("\n| --- |").append(" ---: |".repeat(contenders.size())).append('\n');
    byWorkload()
        .forEach(
            (workload, row) -> {
              text.append("| ").append(workload.name()).append(" |");
              for (Contender contender : contenders) {
                Cell cell = row.get(contender.name());
                text.append(' ')
                    .append(cell == null ? "" : show.show(cell, row.get(Varve.NAME)))
                    .append(" |");
              }
              text.append('\n');
            });
  }

  private Map<Workload, Map<String, Cell>> byWorkload() {
    Map<Workload, Map<String, Cell>> rows = new LinkedHashMap<>();
    for (Cell cell : cells) {
      rows.computeIfAbsent(cell.workload(), _ -> new LinkedHashMap<>())
          .put(cell.contender().name(), cell);
    }
    return rows;
  }

  private static String rate(Cell cell, @Nullable Cell varve) {
    String rate = number(Figures.median(cell.rates()));
    Double ratio = ratio(cell, varve);
    return ratio == null ? rate : String.format(Locale.ROOT, "%s (%.2f)", rate, ratio);
  }

  /** Null for Varve itself, and where it was not asked. */
  private static @Nullable Double ratio(Cell cell, @Nullable Cell varve) {
    return varve == null || cell == varve ? null : Figures.ratio(cell.rates(), varve.rates());
  }

  private static String latency(Cell cell, @Nullable Cell varve) {
    return number(Figures.median(cell.samples(), Sample::p50))
        + " / "
        + number(Figures.median(cell.samples(), Sample::p99));
  }

  private void appendDeliveries(StringBuilder text) {
    List<Cell> delivering =
        cells.stream()
            .filter(cell -> Figures.median(cell.samples(), Sample::deliveryP50) != null)
            .toList();
    if (delivering.isEmpty()) {
      return;
    }
    text.append("\nFrom an append's due time until a consumer has the event, microseconds:\n\n");
    text.append("| workload | contender | median | 99th percentile |\n");
    text.append("| --- | --- | ---: | ---: |\n");
    for (Cell cell : delivering) {
      text.append("| ").append(cell.workload().name());
      text.append(" | ").append(cell.contender().name());
      text.append(" | ").append(number(Figures.median(cell.samples(), Sample::deliveryP50)));
      text.append(" | ").append(number(Figures.median(cell.samples(), Sample::deliveryP99)));
      text.append(" |\n");
    }
  }

  private static String number(@Nullable Double value) {
    return value == null ? "" : String.format(Locale.ROOT, "%,.0f", value);
  }

  /** Everything, each round included. */
  String json() {
    ObjectNode all = JSON.createObjectNode();
    all.put("kind", "campaign");
    machine.putInto(all.putObject("machine"));
    all.put("settings", settings);
    ArrayNode left = all.putArray("left_out");
    leftOut.forEach(
        (contender, why) -> left.addObject().put("contender", contender.name()).put("why", why));
    Map<Workload, Map<String, Cell>> rows = byWorkload();
    ArrayNode results = all.putArray("results");
    for (Cell cell : cells) {
      ObjectNode result = results.addObject();
      result.put("workload", cell.workload().name());
      result.put("description", cell.workload().description());
      result.put("clients", cell.workload().clients());
      result.put("contender", cell.contender().name());
      result.put("events_per_second", Figures.median(cell.rates()));
      put(result, "ratio_to_varve", ratio(cell, row(rows, cell).get(Varve.NAME)));
      put(result, "p50_micros", Figures.median(cell.samples(), Sample::p50));
      put(result, "p99_micros", Figures.median(cell.samples(), Sample::p99));
      put(result, "retries_per_second", Figures.median(cell.samples(), Sample::retriesPerSecond));
      put(result, "reads_per_second", Figures.median(cell.samples(), Sample::readsPerSecond));
      put(result, "delivery_p50_micros", Figures.median(cell.samples(), Sample::deliveryP50));
      put(result, "delivery_p99_micros", Figures.median(cell.samples(), Sample::deliveryP99));
      ArrayNode rounds = result.putArray("rounds_events_per_second");
      new ArrayList<>(cell.rates()).forEach(rounds::add);
    }
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
  }

  private static Map<String, Cell> row(Map<Workload, Map<String, Cell>> rows, Cell cell) {
    return rows.getOrDefault(cell.workload(), Map.of());
  }

  private static void put(ObjectNode result, String name, @Nullable Double value) {
    if (value != null) {
      result.put(name, value);
    }
  }
}
