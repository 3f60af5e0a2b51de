package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.server.storage.rocksdb.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server under a mixed load for as long as one likes, with 256 MB of heap: what it holds after a
 * while is what it holds at the end. Memory after a collection, direct memory (the JVM's own; what
 * Netty allocates is in what is resident), resident memory, memtables, threads, open files and
 * latencies are told every so often, and the last quarter is held against the second.
 *
 * <p>{@code -Dvarve.soak=PT20M} for twenty minutes. The build runs it for a few seconds, in which
 * nothing can be said of growth, and only the rest is looked at: no error, nobody fails, the store
 * is sound. Growth is looked at from four minutes on.
 */
class SoakIT {
  private static final Duration TIME = Duration.parse(System.getProperty("varve.soak", "PT5S"));
  private static final Duration LONG_ENOUGH = Duration.ofMinutes(4);
  private static final long SEED = Long.getLong("varve.seed", 1);
  private static final int SAMPLES = TIME.compareTo(LONG_ENOUGH) >= 0 ? 40 : 4;
  private static final long MIB = 1L << 20;

  @TempDir Path folder;

  /** What a server holds at one moment, and how fast it was up to then. */
  private record Sample(
      Duration at,
      long heapBytes,
      long directBytes,
      long nativeBytes,
      long memtableBytes,
      long threads,
      long files,
      long head,
      long appendNanos,
      long worstAppendNanos,
      long readNanos) {
    static final String HEADER =
        "   time  heap MiB  direct MiB  RSS MiB  memtables MiB  threads  files  head      "
            + "append p99 ms  max ms  read p99 ms";

    String line() {
      return "%7d  %8.1f  %10.1f  %7d  %13.1f  %7d  %5d  %-8d  %13.1f  %6.1f  %11.1f"
          .formatted(
              at.toSeconds(),
              (double) heapBytes / MIB,
              (double) directBytes / MIB,
              nativeBytes / MIB,
              (double) memtableBytes / MIB,
              threads,
              files,
              head,
              appendNanos / 1e6,
              worstAppendNanos / 1e6,
              readNanos / 1e6);
    }
  }

  @Test
  @Timeout(value = 12, unit = TimeUnit.HOURS)
  void what_a_server_holds_after_a_while_is_what_it_holds_at_the_end() throws Exception {
    Path data = folder.resolve("data");
    Path ops = folder.resolve("ops-port");
    Path backups = Files.createDirectory(folder.resolve("backups"));
    List<Sample> samples = new ArrayList<>();
    try (ServerProcess server =
        ServerProcess.serveWith(
            data,
            List.of("-Xmx256m", "-XX:MaxDirectMemorySize=256m"),
            List.of(
                "--ops-port", "0", "--ops-port-file", ops + "", "--backup-folder", backups + ""))) {
      int opsPort = Integer.parseInt(Files.readString(ops, UTF_8).strip());
      try (VarveClient store = server.client();
          OpsClient metrics = new OpsClient(opsPort);
          SoakLoad load = new SoakLoad(store, SEED)) {
        long begun = System.nanoTime();
        System.out.println(Sample.HEADER);
        for (int i = 1; i <= SAMPLES && load.fault() == null; i++) {
          long due = begun + TIME.toNanos() * i / SAMPLES;
          await()
              .pollInterval(Duration.ofMillis(50))
              .atMost(TIME.plusMinutes(1))
              .until(() -> System.nanoTime() >= due || load.fault() != null);
          Duration at = Duration.ofNanos(System.nanoTime() - begun);
          Sample sample = sample(server, metrics, load, at);
          samples.add(sample);
          System.out.println(sample.line());
        }
        load.stop();
        assertThat(load.fault()).isNull();
        await().until(() -> load.followed() >= store.statistics().headPosition());
        System.out.printf("%,d operations in %s; -Dvarve.seed=%d%n", load.operations(), TIME, SEED);
        assertThat(store.admin().verify(_ -> {})).isZero();
      }
      assertThat(server.errors()).doesNotContain("OutOfMemory", " ERROR ");
      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
    assertThat(Folders.findings(data)).isEmpty();
    if (TIME.compareTo(LONG_ENOUGH) >= 0) {
      nothingHasGrown(samples);
    }
  }

  private static Sample sample(ServerProcess server, OpsClient metrics, SoakLoad load, Duration at)
      throws Exception {
    if (TIME.compareTo(LONG_ENOUGH) >= 0) {
      collect(server.pid());
    }
    String page = metrics.get("/metrics").body();
    Histogram appends = load.appends();
    return new Sample(
        at,
        sum(page, "jvm_memory_used_bytes{area=\"heap\""),
        sum(page, "jvm_buffer_memory_used_bytes{id=\"direct\""),
        server.memoryKib("VmRSS") * 1024,
        sum(page, "varve_rocksdb_memtable_bytes"),
        sum(page, "jvm_threads_live_threads"),
        openFiles(server.pid()),
        load.followed(),
        appends.getValueAtPercentile(99),
        appends.getMaxValue(),
        load.reads().getValueAtPercentile(99));
  }

  /** Has a JVM collect its garbage. */
  private static void collect(long pid) throws Exception {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Process process =
        new ProcessBuilder(jcmd.toString(), pid + "", "GC.run")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor()).isZero();
  }

  private static long openFiles(long pid) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return files.count();
    }
  }

  /** The sum of what a page has under names that begin so. */
  private static long sum(String page, String name) {
    return (long)
        page.lines()
            .filter(line -> line.startsWith(name))
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
            .sum();
  }

  private static void nothingHasGrown(List<Sample> samples) {
    grewByAtMost(samples, "heap", Sample::heapBytes, 1.3, 32 * MIB);
    grewByAtMost(samples, "direct memory", Sample::directBytes, 1.3, 32 * MIB);
    grewByAtMost(samples, "resident memory", Sample::nativeBytes, 1.2, 96 * MIB);
    grewByAtMost(samples, "memtables", Sample::memtableBytes, 1.5, 64 * MIB);
    grewByAtMost(samples, "threads", Sample::threads, 1.2, 10);
    grewByAtMost(samples, "open files", Sample::files, 1.5, 60);
    grewByAtMost(samples, "p99 of appends", Sample::appendNanos, 4, 100_000_000);
    grewByAtMost(samples, "p99 of reads", Sample::readNanos, 4, 100_000_000);
  }

  /** The last quarter against the second: in the first everything warms up. */
  private static void grewByAtMost(
      List<Sample> samples, String what, ToLongFunction<Sample> figure, double factor, long more) {
    int quarter = samples.size() / 4;
    double before = median(samples.subList(quarter, 2 * quarter), figure);
    double after = median(samples.subList(samples.size() - quarter, samples.size()), figure);
    assertThat(after).as(what + ", which was " + before).isLessThan(before * factor + more);
  }

  private static double median(List<Sample> samples, ToLongFunction<Sample> figure) {
    return samples.stream()
        .mapToLong(figure)
        .sorted()
        .skip(samples.size() / 2)
        .findFirst()
        .orElse(0);
  }
}
