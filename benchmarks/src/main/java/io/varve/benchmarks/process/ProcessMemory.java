package io.varve.benchmarks.process;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What a server holds in memory: as the system sees it, and as its own metrics tell.
 *
 * @param residentBytes pages of the process that are in memory, RocksDB's and the JVM's together; 0
 *     where the system has no {@code /proc}
 * @param heapBytes used on the heap, garbage included
 * @param directBytes direct buffers, of which the network's are
 */
public record ProcessMemory(long residentBytes, long heapBytes, long directBytes) {

  static ProcessMemory of(long pid, int opsPort) throws IOException {
    List<String> metrics = metrics(opsPort);
    return new ProcessMemory(
        resident(pid),
        sum(metrics, "jvm_memory_used_bytes{area=\"heap\""),
        sum(metrics, "jvm_buffer_memory_used_bytes{id=\"direct\""));
  }

  private static long resident(long pid) throws IOException {
    try {
      return residentIn(
          Files.readAllLines(Path.of("/proc/" + pid + "/status"), StandardCharsets.UTF_8));
    } catch (NoSuchFileException _) {
      return 0;
    }
  }

  /** The figure in lines such as {@code VmRSS: 123 kB}. */
  static long residentIn(List<String> status) {
    for (String line : status) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }

  private static List<String> metrics(int opsPort) throws IOException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + opsPort + "/metrics"))
                  .timeout(Duration.ofMinutes(1))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body()
          .lines()
          .toList();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** The sum of all samples whose names and labels begin so. */
  static long sum(List<String> metrics, String begin) {
    double sum = 0;
    for (String line : metrics) {
      if (line.startsWith(begin)) {
        sum += Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    return (long) sum;
  }
}
