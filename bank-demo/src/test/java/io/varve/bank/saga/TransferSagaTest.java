package io.varve.bank.saga;

import static io.varve.bank.saga.TransferSaga.ACCOUNT;

import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountCommand.ConfirmTransfer;
import io.varve.bank.domain.AccountCommand.CreditTransfer;
import io.varve.bank.domain.AccountCommand.DebitTransfer;
import io.varve.bank.domain.AccountCommand.RefundTransfer;
import io.varve.bank.domain.AccountCommand.ReverseTransfer;
import io.varve.bank.domain.Money;
import io.varve.bank.domain.TransferRequested;
import io.varve.bank.store.BankEvents;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.process.Effect;
import io.varve.client.eventsourcing.process.SagaState;
import io.varve.client.testkit.ProcessFixture;
import org.junit.jupiter.api.Test;

class TransferSagaTest {

  private static final Money TEN = Money.of("10");
  private static final Refusal CLOSED = new Refusal("ACCOUNT_CLOSED", "the account is closed");

  private static final Effect.Send DEBIT =
      to("a", "debit_source", new DebitTransfer("t", "b", TEN));
  private static final Effect.Send CREDIT =
      to("b", "credit_destination", new CreditTransfer("t", "a", TEN));
  private static final Effect.Send CONFIRM_B =
      to("b", "confirm_destination", new ConfirmTransfer("t"));
  private static final Effect.Send CONFIRM_A = to("a", "confirm_source", new ConfirmTransfer("t"));
  private static final Effect.Send REVERSE =
      to("b", "credit_destination/undo", new ReverseTransfer("t", TEN, CLOSED.message()));
  private static final Effect.Send REFUND =
      to("a", "debit_source/undo", new RefundTransfer("t", TEN, CLOSED.message()));

  private static Effect.Send to(String account, String step, AccountCommand command) {
    return Effect.send(ACCOUNT, account, command).as(step);
  }

  private static ProcessFixture<SagaState<TransferRequested>, TransferRequested> requested() {
    return ProcessFixture.given(TransferSaga.SAGA)
        .events(BankEvents.REQUESTS)
        .targets(ACCOUNT)
        .event("request-t", new TransferRequested("t", "a", "b", TEN));
  }

  @Test
  void it_debits_credits_and_confirms() {
    requested()
        .thenSends(DEBIT)
        .accepted()
        .thenSends(CREDIT)
        .accepted()
        .thenSends(CONFIRM_B)
        .accepted()
        .thenSends(CONFIRM_A)
        .accepted()
        .thenCompleted("completed");
  }

  @Test
  void a_refused_debit_ends_it() {
    requested().refused("INSUFFICIENT_FUNDS").thenSendsNothing().thenCompleted("failed");
  }

  @Test
  void a_refused_credit_sends_the_money_back_and_says_why() {
    requested()
        .accepted()
        .refused(CLOSED)
        .thenSends(REFUND)
        .accepted()
        .thenCompleted("compensated");
  }

  @Test
  void a_refusal_after_the_credit_takes_that_back_first() {
    requested()
        .accepted()
        .accepted()
        .accepted()
        .refused(CLOSED)
        .thenSends(REVERSE)
        .accepted()
        .thenSends(REFUND)
        .accepted()
        .thenCompleted("compensated");
  }

  @Test
  void a_credit_that_has_been_spent_asks_for_help_and_is_tried_again_when_told() {
    requested()
        .accepted()
        .accepted()
        .refused(CLOSED)
        .thenSends(REVERSE)
        .refused("INSUFFICIENT_FUNDS")
        .thenSendsNothing()
        .thenAsksForHelp()
        .retry()
        .thenSends(REVERSE.as("credit_destination/undo/2"))
        .accepted()
        .thenSends(REFUND)
        .accepted()
        .thenCompleted("compensated");
  }
}
