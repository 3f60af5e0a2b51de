package io.varve.client.eventsourcing.bank;

import java.math.BigDecimal;

/** What may be asked of an account. */
public sealed interface AccountCommand {

  record Open(String owner) implements AccountCommand {}

  record Deposit(BigDecimal amount, String reference) implements AccountCommand {}

  record Withdraw(BigDecimal amount, String reference) implements AccountCommand {}

  record Close() implements AccountCommand {}
}
