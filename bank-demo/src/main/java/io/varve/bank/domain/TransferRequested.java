package io.varve.bank.domain;

import static java.util.Objects.requireNonNull;

/**
 * Somebody has asked for a transfer, in its stream {@code request-<id>}. It is what the transfer's
 * saga begins with, and all that the saga needs to know.
 */
public record TransferRequested(
    String transferId, String fromAccount, String toAccount, Money amount) {

  public TransferRequested {
    requireNonNull(transferId);
    requireNonNull(fromAccount);
    requireNonNull(toAccount);
    requireNonNull(amount);
  }
}
