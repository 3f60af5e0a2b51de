package io.varve.client.streams;

import java.security.SecureRandom;
import java.util.UUID;

/**
 * Makes event ids: UUIDs of version 7 (RFC 9562), which begin with the time in milliseconds and end
 * in 74 random bits, so that ids made at about the same time lie close together in the store's
 * index. Any thread may call it.
 */
final class EventIds {

  private static final SecureRandom RANDOM = new SecureRandom();

  private EventIds() {}

  static UUID next() {
    long high = (System.currentTimeMillis() << 16) | 0x7000 | (RANDOM.nextInt() & 0x0fff);
    long low = (RANDOM.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }
}
