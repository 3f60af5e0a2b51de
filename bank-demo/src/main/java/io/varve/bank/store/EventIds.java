package io.varve.bank.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * Event ids made from names (UUIDs of version 5, RFC 9562): the same name gives the same id, in
 * every process and after every restart. The store keeps ids unique for ever, so a thing named once
 * happens once.
 */
public final class EventIds {

  /** The bank's own name space, so that nobody else's names collide with ours. */
  private static final UUID NAMESPACE = UUID.fromString("6d5e1c1a-3f0b-5a57-9c55-8f0a4b6d2e71");

  private EventIds() {}

  /** The id for this name; its parts are kept apart, whatever characters they hold. */
  public static UUID named(String... parts) {
    MessageDigest sha1 = sha1();
    sha1.update(bytes(NAMESPACE));
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
