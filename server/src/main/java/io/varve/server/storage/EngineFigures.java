package io.varve.server.storage;

import java.util.Map;

/**
 * Figures of one database below, for those who look after the server. Names and meanings are the
 * database's own; each is there from the start.
 *
 * @param database what the database holds: log, index, snapshots
 * @param gauges what is so now, by name
 * @param counters what has come together since the start, by name; never fall
 */
public record EngineFigures(
    String database, Map<String, Double> gauges, Map<String, Double> counters) {

  /** A gauge's value; 0 if there is none of this name. */
  public double gauge(String name) {
    return gauges.getOrDefault(name, 0.0);
  }

  /** A counter's value; 0 if there is none of this name. */
  public double counter(String name) {
    return counters.getOrDefault(name, 0.0);
  }
}
