package io.varve.bank.saga;

import io.varve.bank.domain.TransferStep;

/** Others changed the account at every attempt to take a step. Nothing is decided; try later. */
final class StepContendedException extends RuntimeException {

  private static final long serialVersionUID = 1;

  StepContendedException(String transferId, TransferStep step, String accountId, int attempts) {
    super(
        "transfer "
            + transferId
            + ": account "
            + accountId
            + " changed at each of "
            + attempts
            + " attempts to "
            + step);
  }
}
