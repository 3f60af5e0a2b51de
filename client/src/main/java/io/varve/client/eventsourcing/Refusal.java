package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

/**
 * Why a command was refused: a rule of the domain, not a fault. Trying again does not help unless
 * something else happens first.
 *
 * @param code for programs, such as {@code INSUFFICIENT_FUNDS}; stable
 * @param message a sentence for people
 */
public record Refusal(String code, String message) {
  public Refusal {
    requireNonNull(code);
    requireNonNull(message);
  }

  @Override
  public String toString() {
    return code + ": " + message;
  }
}
