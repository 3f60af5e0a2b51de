package io.varve.client.streams;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * Makes event ids (RFC 9562). Any thread may call it.
 *
 * <pre>{@code
 * UUID random = EventIds.next();
 * UUID sameEveryTime = EventIds.named(MY_NAMESPACE, "transfer-7", "debit");
 * }</pre>
 */
public final class EventIds {

  private static final SecureRandom RANDOM = new SecureRandom();

  private EventIds() {}

  /**
   * A new id: a UUID of version 7, which begins with the time in milliseconds and ends in 74 random
   * bits, so that ids made at about the same time lie close together in the store's index.
   */
  public static UUID next() {
    long high = (System.currentTimeMillis() << 16) | 0x7000 | (RANDOM.nextInt() & 0x0fff);
    long low = (RANDOM.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  /**
   * The id of a thing with this name: a UUID of version 5, the same in every process and after
   * every restart. A store keeps ids unique, so what is appended under a name happens once.
   *
   * @param namespace the application's own, so that nobody else's names collide with its own
   * @param parts the name; they are kept apart, whatever characters they hold
   */
  public static UUID named(UUID namespace, String... parts) {
    MessageDigest sha1 = sha1();
    sha1.update(bytes(namespace));
    for (String part : parts) {
      byte[] text = part.getBytes(StandardCharsets.UTF_8);
      sha1.update(ByteBuffer.allocate(Integer.BYTES).putInt(text.length).flip());
      sha1.update(text);
    }
    ByteBuffer hash = ByteBuffer.wrap(sha1.digest());
    long high = (hash.getLong() & 0xffff_ffff_ffff_0fffL) | 0x5000L;
    long low = (hash.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }

  private static MessageDigest sha1() {
    try {
      return MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }
}
