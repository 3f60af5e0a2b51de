package io.varve.client.guide;

import java.math.BigDecimal;

sealed interface AccountCommand {
  record Open(String owner) implements AccountCommand {}

  record Deposit(BigDecimal amount) implements AccountCommand {}

  record Withdraw(BigDecimal amount) implements AccountCommand {}

  record Close() implements AccountCommand {}
}
