package io.varve.client.streams;

import java.util.OptionalLong;

/**
 * Under what expectation a stream's life is changed, and why. The reason is recorded with the
 * change in the system stream {@code $streams}, for whoever asks later. Immutable.
 *
 * <pre>{@code
 * store.streams().delete("account-42", StreamChange.because("customer left"));
 * store.streams().tombstone("account-42", StreamChange.because("erasure, case 17").expecting(12));
 * }</pre>
 *
 * @param expectedVersion the stream's last event has exactly this version, hidden or not, 0 meaning
 *     that it has none; empty: no check
 * @param reason at most 1,024 bytes of UTF-8, no control characters but line feed and tab; empty:
 *     not stated
 */
public record StreamChange(OptionalLong expectedVersion, String reason) {

  private static final StreamChange PLAIN = new StreamChange(OptionalLong.empty(), "");

  /**
   * Checks what the wire could not carry.
   *
   * @throws IllegalArgumentException the version is negative, or the reason holds half a surrogate
   *     pair
   */
  public StreamChange {
    expectedVersion.ifPresent(version -> Arguments.notNegative("expectedVersion", version));
    Arguments.wellFormed("reason", reason);
  }

  /** Whatever the stream's version is, and without a reason. */
  public static StreamChange plain() {
    return PLAIN;
  }

  /** For this reason, whatever the stream's version is. */
  public static StreamChange because(String reason) {
    return new StreamChange(OptionalLong.empty(), reason);
  }

  /** The same, but only if the stream's last event has exactly this version; 0: it has none. */
  public StreamChange expecting(long version) {
    return new StreamChange(OptionalLong.of(version), reason);
  }
}
