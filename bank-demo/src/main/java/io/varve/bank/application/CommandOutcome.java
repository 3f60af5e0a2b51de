package io.varve.bank.application;

import io.varve.bank.domain.Money;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.streams.RecordedEvent;

/** What became of a command to an account. */
public sealed interface CommandOutcome {

  /**
   * The command is in the log.
   *
   * @param event what it led to, as recorded
   * @param balance the account's balance right after it
   */
  record Done(String accountId, RecordedEvent event, Money balance) implements CommandOutcome {}

  /** A rule stands against it; nothing was written. */
  record Refused(Refusal refusal) implements CommandOutcome {}

  /** Others changed the account at every attempt; nothing was written. */
  record Conflicted(int attempts) implements CommandOutcome {}

  /**
   * The Idempotency-Key belongs to a command that asked for something else; nothing was written.
   */
  record KeyReused() implements CommandOutcome {}
}
