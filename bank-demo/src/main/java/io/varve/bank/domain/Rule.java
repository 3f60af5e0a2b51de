package io.varve.bank.domain;

import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.Refusal;

/** The rules that can stand against a command. Their names are the codes of refusals. */
public enum Rule {
  ACCOUNT_UNKNOWN,
  ACCOUNT_EXISTS,
  ACCOUNT_CLOSED,
  AMOUNT_NOT_POSITIVE,
  AMOUNT_TOO_LARGE,
  INSUFFICIENT_FUNDS,
  BALANCE_LIMIT,
  BALANCE_NOT_ZERO,
  INTEREST_BELOW_A_CENT,
  TRANSFER_PENDING;

  /** A refusal by this rule, with a sentence for the person who asked. */
  Decision.Refused<AccountEvent> refuses(String sentence) {
    return new Decision.Refused<>(new Refusal(name(), sentence));
  }

  /** Whether it is this rule that has refused. */
  public boolean isBehind(Refusal refusal) {
    return refusal.code().equals(name());
  }
}
