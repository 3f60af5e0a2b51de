package io.varve.client.eventsourcing.bank;

import java.math.BigDecimal;

/** What happened to an account. */
public sealed interface AccountEvent {

  record AccountOpened(String owner) implements AccountEvent {}

  record MoneyDeposited(BigDecimal amount, String reference) implements AccountEvent {}

  record MoneyWithdrawn(BigDecimal amount, String reference) implements AccountEvent {}

  record AccountClosed() implements AccountEvent {}
}
