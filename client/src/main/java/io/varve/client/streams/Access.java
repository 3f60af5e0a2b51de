package io.varve.client.streams;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may do what with a store: its users and tokens. Thread-safe.
 *
 * <pre>{@code
 * NewToken made = store.access().createToken("reporting", List.of("read:category=account"), null);
 * }</pre>
 *
 * <p>All but {@link #whoAmI} need the permission {@code administer}. A change is durable and in
 * effect when its call returns: calls that were under way with what it took away have ended, but
 * for this one.
 *
 * <p>Every call throws {@link AccessDeniedException} when the caller may not, and {@link
 * StoreUnavailableException} when the store cannot be reached; those that change something throw
 * {@link InvalidRequestException} when a field is malformed, or while access control is off.
 */
public interface Access {
  /** Who the caller is to the store, and what they may do. */
  Identity whoAmI();

  /**
   * Adds a user, or gives one another role and password.
   *
   * @param name 1 to 128 bytes, without ":" and control characters
   * @param role null: the one that the user has, who must be there
   * @param password 8 to 256 bytes; null: the one that the user has, who must be there
   */
  void saveUser(String name, @Nullable UserRole role, @Nullable String password);

  /** Removes a user; false: there is none of this name. */
  boolean removeUser(String name);

  /** All users, by name. */
  List<UserInfo> users();

  /**
   * Makes a token.
   *
   * @param name what it is for, in words; 1 to 128 bytes
   * @param permissions what it allows, 1 to 100, each as {@code read}, {@code append:account-} or
   *     {@code read:category=account}
   * @param expiresAt from then on it is worth nothing; null: it does not expire
   * @return the token, which is told this once
   */
  NewToken createToken(String name, List<String> permissions, @Nullable Instant expiresAt);

  /**
   * Makes a token worthless; false: there is none of this id.
   *
   * @param id {@link TokenInfo#id}
   */
  boolean revokeToken(String id);

  /** All tokens, by id, without their secrets; those that have expired for another week. */
  List<TokenInfo> tokens();
}
