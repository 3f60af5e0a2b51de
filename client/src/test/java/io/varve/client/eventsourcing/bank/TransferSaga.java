package io.varve.client.eventsourcing.bank;

import static io.varve.client.eventsourcing.bank.TransferProcess.ACCOUNTS;

import io.varve.client.eventsourcing.bank.AccountCommand.Deposit;
import io.varve.client.eventsourcing.bank.AccountCommand.Withdraw;
import io.varve.client.eventsourcing.bank.TransferEvent.TransferRequested;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.Saga;
import java.time.Duration;

/** A transfer as a saga. */
public final class TransferSaga {

  public static final String NAME = "transferSaga";

  private TransferSaga() {}

  public static Saga<TransferRequested, TransferEvent> saga() {
    return Saga.<TransferEvent>named(NAME)
        .startedBy(TransferRequested.class, TransferRequested::transferId)
        .step("withdraw", t -> Effect.send(ACCOUNTS, t.from(), withdraw(t)))
        .undoneBy(t -> Effect.send(ACCOUNTS, t.from(), refund(t)))
        .step("deposit", t -> Effect.send(ACCOUNTS, t.to(), deposit(t)))
        .lateAfter(Duration.ofMinutes(5))
        .retry(2, Duration.ofSeconds(1), "LOCKED")
        .build();
  }

  static Withdraw withdraw(TransferRequested t) {
    return new Withdraw(t.amount(), t.transferId());
  }

  static Deposit deposit(TransferRequested t) {
    return new Deposit(t.amount(), t.transferId());
  }

  static Deposit refund(TransferRequested t) {
    return new Deposit(t.amount(), t.transferId() + "/refund");
  }
}
