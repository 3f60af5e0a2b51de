package io.varve.client.guide;

import java.math.BigDecimal;

sealed interface AccountEvent {
  record AccountOpened(String owner) implements AccountEvent {}

  record MoneyDeposited(BigDecimal amount) implements AccountEvent {}

  record MoneyWithdrawn(BigDecimal amount) implements AccountEvent {}

  record AccountClosed() implements AccountEvent {}
}
