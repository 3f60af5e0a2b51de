package io.varve.server;

import java.time.InstantSource;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Ids for events that come without one: UUIDv7 of RFC 9562, milliseconds first, so that ids made
 * one after the other lie near one another in the index. Thread-safe if the generator is.
 */
final class EventIds implements Supplier<UUID> {
  private static final long VERSION_7 = 0x7000L;
  private static final long VARIANT = 0x8000_0000_0000_0000L;

  private final InstantSource clock;
  private final RandomGenerator random;

  EventIds(InstantSource clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  @Override
  public UUID get() {
    long high = (clock.millis() << 16) | VERSION_7 | (random.nextLong() & 0xfff);
    long low = VARIANT | (random.nextLong() >>> 2);
    return new UUID(high, low);
  }
}
