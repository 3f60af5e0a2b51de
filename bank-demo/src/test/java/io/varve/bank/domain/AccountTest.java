package io.varve.bank.domain;

import io.varve.bank.domain.AccountCommand.AddInterest;
import io.varve.bank.domain.AccountCommand.CloseAccount;
import io.varve.bank.domain.AccountCommand.ConfirmTransfer;
import io.varve.bank.domain.AccountCommand.CreditTransfer;
import io.varve.bank.domain.AccountCommand.DebitTransfer;
import io.varve.bank.domain.AccountCommand.DepositMoney;
import io.varve.bank.domain.AccountCommand.OpenAccount;
import io.varve.bank.domain.AccountCommand.RefundTransfer;
import io.varve.bank.domain.AccountCommand.ReverseTransfer;
import io.varve.bank.domain.AccountCommand.WithdrawMoney;
import io.varve.bank.domain.AccountEvent.AccountClosed;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.InterestAdded;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.AccountEvent.TransferCompleted;
import io.varve.bank.domain.AccountEvent.TransferFailed;
import io.varve.bank.domain.AccountEvent.TransferInitiated;
import io.varve.bank.store.BankEvents;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.testkit.AggregateFixture;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class AccountTest {

  private static final AccountOpened OPENED = new AccountOpened("Ada", Money.of("100"));
  private static final AccountClosed CLOSED = new AccountClosed();

  private static final AggregateFixture<AccountCommand, Account, AccountEvent> ACCOUNT =
      AggregateFixture.of(AggregateType.of("account", BankEvents.ACCOUNTS, Account.DECIDER));

  private static AggregateFixture<AccountCommand, Account, AccountEvent> given(
      AccountEvent... events) {
    return ACCOUNT.given(events);
  }

  private static Money money(String amount) {
    return Money.of(amount);
  }

  @Test
  void an_account_is_opened_with_what_is_paid_in() {
    given().when(new OpenAccount("Ada", money("100"))).then(OPENED);
    given().when(new OpenAccount("Ada", Money.ZERO)).then(new AccountOpened("Ada", Money.ZERO));
  }

  @Test
  void an_account_is_opened_once_and_never_in_debt() {
    given(OPENED).when(new OpenAccount("Eve", Money.ZERO)).thenRefused(Rule.ACCOUNT_EXISTS.name());
    given(OPENED, CLOSED)
        .when(new OpenAccount("Eve", Money.ZERO))
        .thenRefused(Rule.ACCOUNT_EXISTS.name());
    given().when(new OpenAccount("Eve", money("-1"))).thenRefused(Rule.AMOUNT_NOT_POSITIVE.name());
  }

  @Test
  void money_goes_in_and_out() {
    given(OPENED)
        .when(new DepositMoney(money("0.01"), "found"))
        .then(new MoneyDeposited(money("0.01"), "found"));
    given(OPENED)
        .when(new WithdrawMoney(money("100"), null))
        .then(new MoneyWithdrawn(money("100"), null));
  }

  @Test
  void there_is_no_overdraft() {
    given(OPENED)
        .when(new WithdrawMoney(money("100.01"), null))
        .thenRefused(Rule.INSUFFICIENT_FUNDS.name());
    given(OPENED, new MoneyWithdrawn(money("60"), null))
        .when(new DebitTransfer("t", "b", money("50")))
        .thenRefused(Rule.INSUFFICIENT_FUNDS.name());
  }

  @Test
  void amounts_are_positive_and_bounded() {
    Money tooLarge = Money.MAX_AMOUNT.plus(new Money(1));
    given(OPENED)
        .when(new DepositMoney(Money.ZERO, null))
        .thenRefused(Rule.AMOUNT_NOT_POSITIVE.name());
    given(OPENED)
        .when(new WithdrawMoney(money("-5"), null))
        .thenRefused(Rule.AMOUNT_NOT_POSITIVE.name());
    given(OPENED).when(new DepositMoney(tooLarge, null)).thenRefused(Rule.AMOUNT_TOO_LARGE.name());
    given().when(new OpenAccount("Ada", tooLarge)).thenRefused(Rule.AMOUNT_TOO_LARGE.name());
  }

  @Test
  void a_balance_is_bounded_and_a_refund_is_welcome_all_the_same() {
    AccountOpened full = new AccountOpened("Ada", Money.MAX_BALANCE);
    given(full).when(new DepositMoney(money("0.01"), null)).thenRefused(Rule.BALANCE_LIMIT.name());
    given(full)
        .when(new CreditTransfer("t", "a", money("0.01")))
        .thenRefused(Rule.BALANCE_LIMIT.name());
    given(full)
        .when(new RefundTransfer("t", money("1"), "no"))
        .then(new MoneyDeposited(money("1"), "Compensation for t"), new TransferFailed("t", "no"));
  }

  @Test
  void interest_is_balance_times_rate() {
    BigDecimal rate = new BigDecimal("0.0333");
    given(OPENED).when(new AddInterest(rate)).then(new InterestAdded(money("3.33"), rate));
    given(new AccountOpened("Ada", Money.ZERO))
        .when(new AddInterest(rate))
        .thenRefused(Rule.INTEREST_BELOW_A_CENT.name());
  }

  @Test
  void an_account_closes_empty() {
    given(OPENED).when(new CloseAccount()).thenRefused(Rule.BALANCE_NOT_ZERO.name());
    given(OPENED, new MoneyWithdrawn(money("100"), null)).when(new CloseAccount()).then(CLOSED);
  }

  @Test
  void an_account_does_not_close_while_a_transfer_that_it_paid_for_is_pending() {
    AggregateFixture<AccountCommand, Account, AccountEvent> pending =
        given(OPENED, new TransferInitiated("t"), new MoneyWithdrawn(money("100"), null));
    pending.when(new CloseAccount()).thenRefused(Rule.TRANSFER_PENDING.name());

    pending.given(new TransferCompleted("t")).when(new CloseAccount()).then(CLOSED);
    pending.given(new TransferFailed("t", "no")).when(new CloseAccount()).then(CLOSED);
  }

  @Test
  void a_closed_account_moves_no_money() {
    AggregateFixture<AccountCommand, Account, AccountEvent> closed =
        given(new AccountOpened("Ada", Money.ZERO), CLOSED);
    closed.when(new DepositMoney(money("1"), null)).thenRefused(Rule.ACCOUNT_CLOSED.name());
    closed.when(new WithdrawMoney(money("1"), null)).thenRefused(Rule.ACCOUNT_CLOSED.name());
    closed.when(new AddInterest(BigDecimal.ONE)).thenRefused(Rule.ACCOUNT_CLOSED.name());
    closed.when(new CloseAccount()).thenRefused(Rule.ACCOUNT_CLOSED.name());
    closed.when(new CreditTransfer("t", "a", money("1"))).thenRefused(Rule.ACCOUNT_CLOSED.name());
    closed.when(new RefundTransfer("t", money("1"), "no")).thenRefused(Rule.ACCOUNT_CLOSED.name());
  }

  @Test
  void nothing_happens_to_an_account_that_is_not_there() {
    given().when(new DepositMoney(money("1"), null)).thenRefused(Rule.ACCOUNT_UNKNOWN.name());
    given().when(new CloseAccount()).thenRefused(Rule.ACCOUNT_UNKNOWN.name());
    given().when(new ConfirmTransfer("t")).thenRefused(Rule.ACCOUNT_UNKNOWN.name());
  }

  @Test
  void a_debit_takes_the_money_and_marks_the_transfer_pending_in_one() {
    given(OPENED)
        .when(new DebitTransfer("t", "b", money("40")))
        .then(new TransferInitiated("t"), new MoneyWithdrawn(money("40"), "Transfer t to b"));
  }

  @Test
  void a_credit_is_taken_back_unless_it_has_been_spent() {
    given(OPENED)
        .when(new ReverseTransfer("t", money("40"), "no"))
        .then(new MoneyWithdrawn(money("40"), "Compensation for t"), new TransferFailed("t", "no"));
    given(OPENED)
        .when(new ReverseTransfer("t", money("140"), "no"))
        .thenRefused(Rule.INSUFFICIENT_FUNDS.name());
  }
}
