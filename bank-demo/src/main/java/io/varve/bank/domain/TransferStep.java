package io.varve.bank.domain;

/** What a transfer asks of an account: one command, decided once and for all. */
public enum TransferStep {
  DEBIT_SOURCE,
  CREDIT_DESTINATION,
  CONFIRM_DESTINATION,
  CONFIRM_SOURCE,
  REVERSE_CREDIT,
  REFUND_SOURCE
}
