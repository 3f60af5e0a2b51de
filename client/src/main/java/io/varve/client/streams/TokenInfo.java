package io.varve.client.streams;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a token is, without its secret.
 *
 * @param id what it is called by; no secret
 * @param name what it is for, in words
 * @param permissions what it allows, each as it is written
 * @param expiresAt from then on it is worth nothing; null: it does not expire
 */
public record TokenInfo(
    String id, String name, List<String> permissions, @Nullable Instant expiresAt) {
  public TokenInfo {
    permissions = List.copyOf(permissions);
  }
}
