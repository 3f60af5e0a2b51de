package io.varve.benchmarks.campaign;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * What figures were made on.
 *
 * @param date the day, in UTC
 * @param processors how many the JVM sees
 * @param model the processor's name; empty where the system does not tell
 * @param memoryBytes of the machine
 * @param system the operating system and its release
 * @param java the Java that everything of it ran on
 * @param load the load average when it began: what else the machine did
 */
public record Machine(
    LocalDate date,
    int processors,
    String model,
    long memoryBytes,
    String system,
    String java,
    double load) {

  /** This machine, now. */
  public static Machine here() {
    return new Machine(
        LocalDate.now(ZoneOffset.UTC),
        Runtime.getRuntime().availableProcessors(),
        processorName(),
        totalMemory(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor.version", System.getProperty("java.version")),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private static long totalMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean known
        ? known.getTotalMemorySize()
        : 0;
  }

  private static String processorName() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"), StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("");
    } catch (IOException _) {
      return "";
    }
  }

  /** As a sentence. */
  public String sentence() {
    return String.format(
        Locale.ROOT,
        "%s: %d cores%s, %d GiB, %s, %s; load average %.1f at the start.",
        date,
        processors,
        model.isEmpty() ? "" : " (" + model + ")",
        memoryBytes >> 30,
        system,
        java,
        load);
  }

  /** As members of an object. */
  public void putInto(ObjectNode object) {
    object
        .put("date", date.toString())
        .put("processors", processors)
        .put("model", model)
        .put("memory_bytes", memoryBytes)
        .put("system", system)
        .put("java", java)
        .put("load_average", load);
  }
}
