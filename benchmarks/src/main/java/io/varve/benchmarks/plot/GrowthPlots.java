package io.varve.benchmarks.plot;

import io.varve.benchmarks.plot.LineChart.Line;
import io.varve.benchmarks.plot.LineChart.Point;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Pictures of a store that grows. */
final class GrowthPlots {
  private static final double MIB = 1 << 20;

  private final List<JsonNode> steps;

  /**
   * @param steps the lines that {@code StoreGrowth --json} wrote; at least one
   */
  GrowthPlots(List<JsonNode> steps) {
    this.steps = steps;
  }

  /** The pictures by their files' names. */
  Map<String, String> pictures() {
    Map<String, String> pictures = new LinkedHashMap<>();
    pictures.put(
        "growth-rate.svg",
        new LineChart(
                "Rates as the store grows",
                "events in the store",
                "of the rate at the first step, in percent",
                false,
                List.of(
                    relative("appends", "append_requests_per_second"),
                    relative("loads of small streams", "read_requests_per_second"),
                    relative("queries", "query_requests_per_second"),
                    relative("scans", "scan_events_per_second")))
            .svg());
    pictures.put(
        "growth-start.svg",
        new LineChart(
                "From the start of the process until it serves",
                "events in the store",
                "milliseconds",
                false,
                List.of(line("start", "start_millis", 1)))
            .svg());
    pictures.put(
        "growth-memory.svg",
        new LineChart(
                "Memory of the server",
                "events in the store",
                "MiB",
                false,
                List.of(
                    line("resident, after load", "loaded_resident_bytes", MIB),
                    line("resident, after start", "started_resident_bytes", MIB),
                    line("heap, after load", "loaded_heap_bytes", MIB),
                    line("direct, after load", "loaded_direct_bytes", MIB)))
            .svg());
    return pictures;
  }

  private Line line(String name, String figure, double unit) {
    List<Point> points = new ArrayList<>();
    for (JsonNode step : steps) {
      points.add(new Point(step.path("events").asDouble(), step.path(figure).asDouble() / unit));
    }
    return new Line(name, points);
  }

  private Line relative(String name, String figure) {
    double first = steps.getFirst().path(figure).asDouble();
    if (!(first > 0)) {
      throw new IllegalArgumentException("the first step has no " + figure);
    }
    return line(name, figure, first / 100);
  }
}
