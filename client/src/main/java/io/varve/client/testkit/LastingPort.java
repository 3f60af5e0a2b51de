package io.varve.client.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for programs that are to be found again after a restart. A port that the system gave (0)
 * will not do: it is from the range that outgoing connections get theirs from too, so that any of
 * them may hold it while the program is away. These are below those ranges.
 */
final class LastingPort {
  private static final int FIRST = 20_000;
  private static final int FIRST_EPHEMERAL = 32_768; // Linux's; others' are higher
  private static final int TRIES = 100;

  private LastingPort() {}

  /** One on loopback that nobody listens on now. */
  static int free() {
    for (int tried = 0; tried < TRIES; tried++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, FIRST_EPHEMERAL);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        // Somebody listens there; there are others.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    throw new IllegalStateException("no free port from " + FIRST + " to " + (FIRST_EPHEMERAL - 1));
  }
}
