package io.varve.benchmarks.growth;

import io.varve.benchmarks.process.ProcessMemory;
import io.varve.server.cli.bench.LoadResult;
import java.time.Duration;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a store of one size does.
 *
 * @param events how many events it has
 * @param filledPerSecond how fast the last step was written
 * @param appends single durable appends, 16 clients
 * @param reads loads of whole small streams, by chance among all, 16 clients
 * @param queries the newest 20 events with a tag, by chance among all, 16 clients
 * @param scans the log from a random place on, one client
 * @param diskBytes on disk
 * @param loaded its memory at the end of the load
 * @param untilReady from the start of a process on this data until it serves
 * @param started its memory right after that
 */
record Checkpoint(
    long events,
    double filledPerSecond,
    LoadResult appends,
    LoadResult reads,
    LoadResult queries,
    LoadResult scans,
    long diskBytes,
    ProcessMemory loaded,
    Duration untilReady,
    ProcessMemory started) {

  static final String HEAD =
      """
      | events | filled a second | appends a second | p50 / p99 | small streams a second | p50 / p99 \
      | queries a second | p50 / p99 | scanned events a second | disk | start, ms | memory after start \
      | memory after load | heap | direct |
      | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: \
      | ---: | ---: |\
      """;

  /** A line of the table; latencies in microseconds. */
  String row() {
    return String.format(
        Locale.ROOT,
        "| %,d | %,.0f | %,.0f | %s | %,.0f | %s | %,.0f | %s | %,.0f | %s | %,d | %s | %s | %s |"
            + " %s |",
        events,
        filledPerSecond,
        appends.requestsPerSecond(),
        latency(appends),
        reads.requestsPerSecond(),
        latency(reads),
        queries.requestsPerSecond(),
        latency(queries),
        scans.eventsPerSecond(),
        mib(diskBytes),
        untilReady.toMillis(),
        mib(started.residentBytes()),
        mib(loaded.residentBytes()),
        mib(loaded.heapBytes()),
        mib(loaded.directBytes()));
  }

  private static String latency(LoadResult result) {
    return String.format(Locale.ROOT, "%,d / %,d", result.micros(50), result.micros(99));
  }

  private static String mib(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", bytes >> 20);
  }

  /** One line of JSON. */
  String json() {
    ObjectNode line = JsonMapper.shared().createObjectNode();
    line.put("kind", "growth").put("events", events).put("filled_per_second", filledPerSecond);
    put(line, "append", appends);
    put(line, "read", reads);
    put(line, "query", queries);
    put(line, "scan", scans);
    line.put("disk_bytes", diskBytes).put("start_millis", untilReady.toMillis());
    put(line, "started", started);
    put(line, "loaded", loaded);
    return line.toString();
  }

  private static void put(ObjectNode line, String name, LoadResult result) {
    line.put(name + "_requests_per_second", result.requestsPerSecond())
        .put(name + "_events_per_second", result.eventsPerSecond())
        .put(name + "_p50_micros", result.micros(50))
        .put(name + "_p99_micros", result.micros(99));
  }

  private static void put(ObjectNode line, String name, ProcessMemory memory) {
    line.put(name + "_resident_bytes", memory.residentBytes())
        .put(name + "_heap_bytes", memory.heapBytes())
        .put(name + "_direct_bytes", memory.directBytes());
  }
}
