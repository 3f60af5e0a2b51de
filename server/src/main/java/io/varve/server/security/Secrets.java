package io.varve.server.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.spec.KeySpec;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * How secrets are kept: a token, 256 random bits, as its SHA-256; a password, which somebody chose,
 * as PBKDF2 with HMAC-SHA-256, a salt and 600,000 rounds, so that guessing costs.
 */
public final class Secrets {
  private static final int TOKEN_BYTES = 32;
  private static final int ID_BYTES = 6;
  private static final int SALT_BYTES = 16;

  /** How often a password is hashed, so that it costs about a third of a second. */
  public static final int ROUNDS = 600_000;

  private static final int HASH_BITS = 256;
  private static final String ALGORITHM = "PBKDF2WithHmacSHA256";
  private static final String TOKEN_PREFIX = "varve_";

  private final SecureRandom random;
  private final int rounds;

  /**
   * @param rounds how often a new password is hashed; {@link #ROUNDS} where somebody could guess. A
   *     hash says how many it was made with, and is checked with as many.
   */
  public Secrets(SecureRandom random, int rounds) {
    this.random = random;
    this.rounds = rounds;
  }

  /** A token as its owner keeps it: {@code varve_ID_SECRET}. Its id is no secret. */
  public record NewToken(String id, String text) {}

  public NewToken newToken() {
    String id = HexFormat.of().formatHex(bytes(ID_BYTES));
    return new NewToken(
        id,
        TOKEN_PREFIX
            + id
            + "_"
            + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(TOKEN_BYTES)));
  }

  /** The id that a token carries; empty if it is none of ours. */
  static String idOf(String token) {
    int end = TOKEN_PREFIX.length() + 2 * ID_BYTES;
    return token.startsWith(TOKEN_PREFIX) && token.length() > end && token.charAt(end) == '_'
        ? token.substring(TOKEN_PREFIX.length(), end)
        : "";
  }

  public static String hashOfToken(String token) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Takes about a third of a second, on purpose. */
  public String hashOfPassword(String password) {
    byte[] salt = bytes(SALT_BYTES);
    return rounds
        + ":"
        + HexFormat.of().formatHex(salt)
        + ":"
        + HexFormat.of().formatHex(derive(password, salt, rounds));
  }

  /** A hash that no password has, for names that nobody has; it takes as long to find that out. */
  String hashOfNobody() {
    return rounds + ":" + "00".repeat(SALT_BYTES) + ":" + "00".repeat(HASH_BITS / Byte.SIZE);
  }

  /**
   * A password's hash, if it is one.
   *
   * @throws IllegalArgumentException with a sentence, if it is none
   */
  public static String checked(String hash) {
    String[] parts = hash.split(":", -1);
    if (parts.length != 3
        || !parts[0].matches("[1-9][0-9]{0,8}")
        || !parts[1].matches("([0-9a-f]{2})+")
        || !parts[2].matches("[0-9a-f]{" + HASH_BITS / 4 + "}")) {
      throw new IllegalArgumentException("it is not the hash of a password");
    }
    return hash;
  }

  static boolean isPassword(String password, String hash) {
    String[] parts = hash.split(":", -1);
    byte[] derived =
        derive(password, HexFormat.of().parseHex(parts[1]), Integer.parseInt(parts[0]));
    return MessageDigest.isEqual(derived, HexFormat.of().parseHex(parts[2]));
  }

  static boolean areEqual(String one, String other) {
    return MessageDigest.isEqual(one.getBytes(UTF_8), other.getBytes(UTF_8));
  }

  private static byte[] derive(String password, byte[] salt, int rounds) {
    try {
      KeySpec spec = new PBEKeySpec(password.toCharArray(), salt, rounds, HASH_BITS);
      return SecretKeyFactory.getInstance(ALGORITHM).generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
