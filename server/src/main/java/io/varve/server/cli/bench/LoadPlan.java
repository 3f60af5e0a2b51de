package io.varve.server.cli.bench;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How much is asked, and for how long.
 *
 * @param clients how many ask at the same time, each in a thread of its own; 1 to 10,000
 * @param rate requests a second of all clients together, in an open loop; null: a closed loop, in
 *     which each client waits for its answer before it goes on
 * @param warmUp how long is loaded before it counts; may be zero
 * @param measured how long it counts; longer than zero
 */
public record LoadPlan(int clients, @Nullable Double rate, Duration warmUp, Duration measured) {
  /** More threads than this measure the machine that loads. */
  public static final int MOST_CLIENTS = 10_000;

  public LoadPlan {
    if (clients < 1 || clients > MOST_CLIENTS) {
      throw new IllegalArgumentException(
          "clients must be from 1 to " + MOST_CLIENTS + ", was " + clients);
    }
    if (rate != null && !(rate > 0)) {
      throw new IllegalArgumentException("rate must be higher than 0, was " + rate);
    }
    if (warmUp.isNegative()) {
      throw new IllegalArgumentException("warmUp must be 0 or longer, was " + warmUp);
    }
    if (measured.isNegative() || measured.isZero()) {
      throw new IllegalArgumentException("measured must be longer than 0, was " + measured);
    }
  }

  /** The same with other clients, in a closed loop. */
  public LoadPlan closed(int otherClients) {
    return new LoadPlan(otherClients, null, warmUp, measured);
  }

  /** The same in an open loop, unless it is one. */
  public LoadPlan openAt(double requestsPerSecond) {
    return rate == null ? new LoadPlan(clients, requestsPerSecond, warmUp, measured) : this;
  }
}
