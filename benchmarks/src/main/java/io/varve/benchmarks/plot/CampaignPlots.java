package io.varve.benchmarks.plot;

import io.varve.benchmarks.plot.LineChart.Line;
import io.varve.benchmarks.plot.LineChart.Point;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Pictures of a campaign. */
final class CampaignPlots {
  private final JsonNode campaign;

  /**
   * @param campaign what {@code Campaign --json} wrote
   */
  CampaignPlots(JsonNode campaign) {
    this.campaign = campaign;
  }

  /** The pictures by their files' names; those for which there are no figures are left out. */
  Map<String, String> pictures() {
    Map<String, String> pictures = new LinkedHashMap<>();
    put(
        pictures,
        "append-rate.svg",
        "Durable appends of one event",
        "clients",
        "events a second",
        lines("append-", "events_per_second"));
    put(
        pictures,
        "append-latency.svg",
        "Durable appends of one event: 99th percentile",
        "clients",
        "microseconds",
        lines("append-", "p99_micros"));
    put(
        pictures,
        "hot-rate.svg",
        "Durable appends of one event, all to one stream",
        "clients",
        "events a second",
        lines("hot-", "events_per_second"));
    put(
        pictures,
        "batch-rate.svg",
        "Durable appends of several events, 4 clients",
        "events of an append",
        "events a second",
        lines("batch-", "events_per_second"));
    put(
        pictures,
        "delivery.svg",
        "From an append's due time until a live subscriber has it",
        "subscribers",
        "microseconds",
        deliveries());
    return pictures;
  }

  private static void put(
      Map<String, String> pictures,
      String file,
      String title,
      String across,
      String up,
      List<Line> lines) {
    if (!lines.isEmpty()) {
      pictures.put(file, new LineChart(title, across, up, true, lines).svg());
    }
  }

  /** A line for each contender, over the number at the end of the workloads' names. */
  private List<Line> lines(String workloads, String figure) {
    Map<String, List<Point>> lines = new LinkedHashMap<>();
    for (JsonNode result : campaign.path("results")) {
      String workload = result.path("workload").asString();
      double up = result.path(figure).asDouble(0);
      if (workload.matches(workloads + "[0-9]+") && up > 0) {
        lines
            .computeIfAbsent(result.path("contender").asString(), _ -> new ArrayList<>())
            .add(new Point(Double.parseDouble(workload.substring(workloads.length())), up));
      }
    }
    return toLines(lines);
  }

  private List<Line> deliveries() {
    List<Line> lines = new ArrayList<>();
    Map.of("median", "delivery_p50_micros", "99th percentile", "delivery_p99_micros")
        .entrySet()
        .stream()
        .sorted(Map.Entry.comparingByValue())
        .forEach(
            entry -> {
              for (Line line : lines("subscribe-", entry.getValue())) {
                lines.add(new Line(entry.getKey(), line.points()));
              }
            });
    return lines;
  }

  private static List<Line> toLines(Map<String, List<Point>> points) {
    List<Line> lines = new ArrayList<>();
    points.forEach(
        (name, of) -> {
          of.sort(Comparator.comparingDouble(Point::across));
          lines.add(new Line(name, of));
        });
    return lines;
  }
}
