package io.varve.client.port;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports that a test needs to know before anybody listens there, or after. One that the system gave
 * (0) will not do: it is from the range that outgoing connections get theirs from too, and other
 * tests' servers, so that any of them may hold it meanwhile. These are below those ranges.
 */
public final class LastingPort {

  private static final int FIRST = 20_000;
  private static final int FIRST_EPHEMERAL = 32_768; // Linux's; others' are higher

  private LastingPort() {}

  /** A port at which nobody listens. */
  public static int find() throws IOException {
    for (int attempt = 0; attempt < 100; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, FIRST_EPHEMERAL);
      try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return port;
      } catch (BindException e) {
        // Somebody listens there; there are others.
      }
    }
    throw new BindException("no free port from " + FIRST + " to " + (FIRST_EPHEMERAL - 1));
  }
}
