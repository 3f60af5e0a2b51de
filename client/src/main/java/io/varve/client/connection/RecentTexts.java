package io.varve.client.connection;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The texts of one message. The events of a page have few types, content types and keys between
 * them, so a text whose bytes were there a moment ago is the same String again: it is not made
 * twice, and whoever keeps the events keeps it once.
 */
final class RecentTexts {

  /** Longer ones are rarely the same, and dear to compare. */
  private static final int MAX_KEPT_BYTES = 128;

  private static final int SLOT_BITS = 6;
  private static final int SLOTS = 1 << SLOT_BITS;
  private static final int GOLDEN_RATIO = 0x9E3779B9; // spreads hashes over the slots

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  // A text takes the place of the one that had its slot: there are never more than SLOTS.
  private final byte[] bytes;
  private final int[] starts = new int[SLOTS];
  private final int[] lengths = new int[SLOTS]; // 0: the slot is empty
  private final @Nullable String[] texts = new String[SLOTS];

  /**
   * @param bytes the message; not changed as long as this is in use
   */
  RecentTexts(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The text of these bytes. Null: they may be no UTF-8, or have a U+FFFD, which is what decoding
   * makes of bytes that are none.
   */
  @Nullable String text(int start, int length) {
    if (length == 0) {
      return "";
    }
    if (length > MAX_KEPT_BYTES) {
      return decoded(start, length);
    }
    int slot = slot(start, length);
    if (lengths[slot] == length
        && Arrays.equals(
            bytes, start, start + length, bytes, starts[slot], starts[slot] + length)) {
      return texts[slot];
    }
    String text = decoded(start, length);
    if (text != null) {
      starts[slot] = start;
      lengths[slot] = length;
      texts[slot] = text;
    }
    return text;
  }

  /** By the length and the last four bytes, in which texts that begin alike differ. */
  private int slot(int start, int length) {
    int end = start + length;
    int ending = length < 4 ? bytes[end - 1] : (int) INTS.get(bytes, end - 4);
    return ((ending + length) * GOLDEN_RATIO) >>> (Integer.SIZE - SLOT_BITS);
  }

  private @Nullable String decoded(int start, int length) {
    String text = new String(bytes, start, length, StandardCharsets.UTF_8);
    return text.indexOf('\uFFFD') < 0 ? text : null;
  }
}
