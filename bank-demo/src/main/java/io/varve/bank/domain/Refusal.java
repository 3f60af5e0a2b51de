package io.varve.bank.domain;

/** The rules that can stand against a command. */
public enum Refusal {
  ACCOUNT_UNKNOWN,
  ACCOUNT_EXISTS,
  ACCOUNT_CLOSED,
  AMOUNT_NOT_POSITIVE,
  AMOUNT_TOO_LARGE,
  INSUFFICIENT_FUNDS,
  BALANCE_LIMIT,
  BALANCE_NOT_ZERO,
  INTEREST_BELOW_A_CENT,
  TRANSFER_PENDING
}
