package io.varve.server.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a server is to be looked after.
 *
 * @param host the address of the operations port
 * @param port the operations port, 0 for any free one; empty: there is none
 * @param names names by which browsers may ask for it, beside {@code localhost} and addresses
 * @param consoleChanges whether the web console may change something
 * @param diskReserveBytes with less room on the disk the server is not ready
 * @param tracing whether spans are made and exported
 * @param tracingEndpoint where OTLP over HTTP is taken in; empty: as {@code OTEL_…} says
 */
public record OpsConfig(
    String host,
    OptionalInt port,
    Set<String> names,
    boolean consoleChanges,
    long diskReserveBytes,
    boolean tracing,
    Optional<String> tracingEndpoint) {

  /** What the settings say. */
  public static OpsConfig of(ServerConfig config) {
    return new OpsConfig(
        config.get(Settings.OPS_HOST),
        config.get(Settings.OPS)
            ? OptionalInt.of(
                config
                    .find(Settings.OPS_PORT)
                    .orElseGet(() -> portAfter(config.get(Settings.PORT))))
            : OptionalInt.empty(),
        config.find(Settings.OPS_NAMES).stream()
            .flatMap(names -> Arrays.stream(names.split(",", -1)))
            .map(name -> name.strip().toLowerCase(Locale.ROOT))
            .filter(name -> !name.isEmpty())
            .collect(Collectors.toSet()),
        config.get(Settings.CONSOLE_CHANGES),
        config.get(Settings.DISK_RESERVE),
        config.get(Settings.TRACING),
        config.find(Settings.TRACING_ENDPOINT));
  }

  /**
   * The operations port when nobody names one: the one after the port that serves events, so that
   * two stores on one machine do not get into each other's way.
   */
  static int portAfter(int mainPort) {
    return mainPort == 0 || mainPort == 65_535 ? 0 : mainPort + 1;
  }

  public OpsConfig {
    names = Set.copyOf(names);
  }
}
