package io.varve.server.api.grpc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Where a listing goes on: the key of the last entry that was sent, as text that means nothing to a
 * caller.
 *
 * <pre>
 *   base64url( crc32c(name of the listing, key) | key )
 * </pre>
 *
 * <p>The checksum tells a token that was cut, made up, or taken from another listing. It is no
 * secret: a token gives nobody anything that the listing would not.
 */
final class PageToken {
  private static final String FIELD = "page_token";

  private PageToken() {}

  /**
   * The token for the page after a key.
   *
   * @param listing what is listed, with everything that decides what is in it: the stream, the
   *     filter; the next page's request must ask for the same
   */
  static String after(byte[] key, String... listing) {
    byte[] token =
        ByteBuffer.allocate(Integer.BYTES + key.length)
            .putInt(checksum(key, listing))
            .put(key)
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
  }

  /** The key after which to go on; null for an empty token, which is the first page's. */
  static byte @Nullable [] key(String token, String... listing) {
    if (token.isEmpty()) {
      return null;
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(token);
    } catch (IllegalArgumentException e) {
      throw wrong();
    }
    if (bytes.length < Integer.BYTES) {
      throw wrong();
    }
    byte[] key = Arrays.copyOfRange(bytes, Integer.BYTES, bytes.length);
    if (ByteBuffer.wrap(bytes).getInt() != checksum(key, listing)) {
      throw wrong();
    }
    return key;
  }

  /** The refusal of a token that is not as the listing made it. */
  static Refusal wrong() {
    return Errors.invalid(
        FIELD, "must be the next_page_token of the page before, under the same request, or empty");
  }

  private static int checksum(byte[] key, String... listing) {
    CRC32C crc = new CRC32C();
    for (String part : listing) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
      crc.update(bytes);
    }
    crc.update(key);
    return (int) crc.getValue();
  }
}
