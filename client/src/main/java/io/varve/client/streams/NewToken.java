package io.varve.client.streams;

/**
 * A token that was just made.
 *
 * @param token what callers send; nobody can be told it again
 * @param info what it is
 */
public record NewToken(String token, TokenInfo info) {
  /** Without the secret, which does not belong into logs. */
  @Override
  public String toString() {
    return info.toString();
  }
}
