package io.varve.server.ops.http;

import java.time.Duration;
import java.util.Set;

/**
 * How the operations port is to be opened.
 *
 * @param host the address to listen on
 * @param port the port to listen on; 0 for any free one
 * @param names names by which browsers may ask for it, in lower case, beside {@code localhost} and
 *     addresses
 * @param patience how long a caller may leave what is written to it unread
 */
public record OpsSettings(String host, int port, Set<String> names, Duration patience) {

  public OpsSettings {
    names = Set.copyOf(names);
  }
}
