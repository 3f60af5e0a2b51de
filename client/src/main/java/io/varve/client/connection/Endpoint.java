package io.varve.client.connection;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens.
 *
 * @param host a name or an IP address; an IPv6 address without brackets
 * @param port 1 to 65535
 */
public record Endpoint(String host, int port) {

  /** The port of a server that nobody told otherwise. */
  public static final int DEFAULT_PORT = 2113;

  public Endpoint {
    if (host.isBlank()) {
      throw new IllegalArgumentException("the host is empty");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("the port must be 1 to 65535, was " + port);
    }
  }

  /**
   * Reads {@code varve://host} or {@code varve://host:port}.
   *
   * @throws IllegalArgumentException it is anything else
   */
  public static Endpoint parse(String uri) {
    URI parsed;
    try {
      parsed = new URI(uri);
    } catch (URISyntaxException e) {
      throw notAnEndpoint(uri, e);
    }
    String host = parsed.getHost();
    boolean plain =
        (parsed.getPath() == null || parsed.getPath().isEmpty() || parsed.getPath().equals("/"))
            && parsed.getUserInfo() == null
            && parsed.getQuery() == null
            && parsed.getFragment() == null;
    if (!"varve".equals(parsed.getScheme()) || host == null || !plain) {
      throw notAnEndpoint(uri, null);
    }
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return new Endpoint(bare, parsed.getPort() < 0 ? DEFAULT_PORT : parsed.getPort());
  }

  /** Whether it is this machine by name or number. */
  boolean isLoopback() {
    return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
  }

  private static IllegalArgumentException notAnEndpoint(String uri, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "a server's address looks like varve://localhost:" + DEFAULT_PORT + ", was \"" + uri + "\"",
        cause);
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
