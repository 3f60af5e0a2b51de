package io.varve.server.cli;

import io.varve.server.config.Origin;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Setting;
import io.varve.server.config.Settings;
import java.io.PrintWriter;

/** What {@code --print-config} prints: a line for each setting with its value and its origin. */
final class ConfigTable {
  private ConfigTable() {}

  static void print(ServerConfig config, PrintWriter out) {
    int widestName = 0;
    int widestValue = 0;
    for (Setting<?> setting : Settings.all()) {
      widestName = Math.max(widestName, setting.name().length());
      widestValue = Math.max(widestValue, shown(config, setting).length());
    }
    String format = "%-" + widestName + "s  %-" + widestValue + "s  %s%n";
    for (Setting<?> setting : Settings.all()) {
      out.printf(
          format, setting.name(), shown(config, setting), from(config.origin(setting), setting));
    }
    out.flush();
  }

  private static String shown(ServerConfig config, Setting<?> setting) {
    String value = config.shown(setting);
    return value.isEmpty() ? "-" : value;
  }

  private static String from(Origin origin, Setting<?> setting) {
    return switch (origin) {
      case Origin.File(String path) -> path;
      default -> origin.of(setting);
    };
  }
}
