package io.varve.server.config;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How a server is to be run.
 *
 * @param dataFolder where the store lives; created when missing
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any free one
 * @param limits what one request may ask for
 * @param reflection whether the server describes its services to callers
 * @param channelz whether the server shows its connections to callers
 * @param snapshotsKept how many snapshots are kept for each stream, the newest ones; 0 for all
 * @param scavengeInterval how often hidden events are reclaimed; zero: only when asked
 */
public record ServerConfig(
    Path dataFolder,
    String host,
    int port,
    Limits limits,
    boolean reflection,
    boolean channelz,
    int snapshotsKept,
    Duration scavengeInterval) {
  /** How many snapshots are kept for each stream, unless the operator says otherwise. */
  public static final int DEFAULT_SNAPSHOTS_KEPT = 10;

  /** How often hidden events are reclaimed, unless the operator says otherwise. */
  public static final Duration DEFAULT_SCAVENGE_INTERVAL = Duration.ofHours(1);

  public ServerConfig {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
    }
    if (snapshotsKept < 0) {
      throw new IllegalArgumentException(
          "snapshotsKept must not be negative, was " + snapshotsKept);
    }
    if (scavengeInterval.isNegative()) {
      throw new IllegalArgumentException(
          "scavengeInterval must not be negative, was " + scavengeInterval);
    }
  }
}
