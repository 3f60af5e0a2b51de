package io.varve.server.config;

import java.nio.file.Path;

/**
 * How a server is to be run.
 *
 * @param dataFolder where the store lives; created when missing
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any free one
 * @param limits what one request may ask for
 * @param reflection whether the server describes its services to callers
 * @param channelz whether the server shows its connections to callers
 */
public record ServerConfig(
    Path dataFolder, String host, int port, Limits limits, boolean reflection, boolean channelz) {
  public ServerConfig {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, was " + port);
    }
  }
}
