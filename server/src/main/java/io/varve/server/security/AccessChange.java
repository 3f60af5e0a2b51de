package io.varve.server.security;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Something that was decided about access; an event of the system stream {@code $access}. */
public sealed interface AccessChange {

  /** A user is there, or has another role or password. */
  record UserSaved(String name, Role role, String passwordHash) implements AccessChange {}

  /** A user is no more. */
  record UserRemoved(String name) implements AccessChange {}

  /**
   * A token is there.
   *
   * @param id what it is called by; no secret
   * @param name what it is for, in words
   * @param hash see {@link Secrets}
   * @param expiresAt from then on it is worth nothing; null: it does not expire
   */
  record TokenCreated(
      String id,
      String name,
      String hash,
      List<Permission> permissions,
      @Nullable Instant expiresAt)
      implements AccessChange {
    public TokenCreated {
      permissions = List.copyOf(permissions);
    }
  }

  /** A token is worth nothing from now on. */
  record TokenRevoked(String id) implements AccessChange {}
}
