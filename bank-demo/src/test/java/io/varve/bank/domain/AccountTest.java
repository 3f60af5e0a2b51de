package io.varve.bank.domain;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.varve.bank.domain.Decision.Accepted;
import io.varve.bank.domain.Decision.Refused;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountTest {

  private static final AccountOpened OPENED = new AccountOpened("Ada", Money.of("100"));
  private static final AccountClosed CLOSED = new AccountClosed();

  /** What happened so far, then a command, then what comes of it. */
  private record Given(Account account) {

    Then when(AccountCommand command) {
      return new Then(account.decide(command));
    }
  }

  private record Then(Decision decision) {

    void then(AccountEvent... events) {
      assertThat(decision).isEqualTo(new Accepted(List.of(events)));
    }

    void thenRefused(Refusal refusal) {
      assertThat(decision)
          .isInstanceOfSatisfying(
              Refused.class, refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }
  }

  private static Given given(AccountEvent... events) {
    Account account = Account.NONE;
    for (AccountEvent event : events) {
      account = account.evolve(event);
    }
    return new Given(account);
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
    given(OPENED).when(new OpenAccount("Eve", Money.ZERO)).thenRefused(Refusal.ACCOUNT_EXISTS);
    given(OPENED, CLOSED)
        .when(new OpenAccount("Eve", Money.ZERO))
        .thenRefused(Refusal.ACCOUNT_EXISTS);
    given().when(new OpenAccount("Eve", money("-1"))).thenRefused(Refusal.AMOUNT_NOT_POSITIVE);
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
        .thenRefused(Refusal.INSUFFICIENT_FUNDS);
    given(OPENED, new MoneyWithdrawn(money("60"), null))
        .when(new DebitTransfer("t", "b", money("50")))
        .thenRefused(Refusal.INSUFFICIENT_FUNDS);
  }

  @Test
  void amounts_are_positive_and_bounded() {
    Money tooLarge = Money.MAX_AMOUNT.plus(new Money(1));
    given(OPENED).when(new DepositMoney(Money.ZERO, null)).thenRefused(Refusal.AMOUNT_NOT_POSITIVE);
    given(OPENED)
        .when(new WithdrawMoney(money("-5"), null))
        .thenRefused(Refusal.AMOUNT_NOT_POSITIVE);
    given(OPENED).when(new DepositMoney(tooLarge, null)).thenRefused(Refusal.AMOUNT_TOO_LARGE);
    given().when(new OpenAccount("Ada", tooLarge)).thenRefused(Refusal.AMOUNT_TOO_LARGE);
  }

  @Test
  void a_balance_is_bounded_and_a_refund_is_welcome_all_the_same() {
    AccountOpened full = new AccountOpened("Ada", Money.MAX_BALANCE);
    given(full).when(new DepositMoney(money("0.01"), null)).thenRefused(Refusal.BALANCE_LIMIT);
    given(full)
        .when(new CreditTransfer("t", "a", money("0.01")))
        .thenRefused(Refusal.BALANCE_LIMIT);
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
        .thenRefused(Refusal.INTEREST_BELOW_A_CENT);
  }

  @Test
  void an_account_closes_empty() {
    given(OPENED).when(new CloseAccount()).thenRefused(Refusal.BALANCE_NOT_ZERO);
    given(OPENED, new MoneyWithdrawn(money("100"), null)).when(new CloseAccount()).then(CLOSED);
  }

  @Test
  void an_account_does_not_close_while_a_transfer_that_it_paid_for_is_pending() {
    Given pending =
        given(OPENED, new TransferInitiated("t"), new MoneyWithdrawn(money("100"), null));
    pending.when(new CloseAccount()).thenRefused(Refusal.TRANSFER_PENDING);

    new Given(pending.account().evolve(new TransferCompleted("t")))
        .when(new CloseAccount())
        .then(CLOSED);
    new Given(pending.account().evolve(new TransferFailed("t", "no")))
        .when(new CloseAccount())
        .then(CLOSED);
  }

  @Test
  void a_closed_account_moves_no_money() {
    Given closed = given(new AccountOpened("Ada", Money.ZERO), CLOSED);
    closed.when(new DepositMoney(money("1"), null)).thenRefused(Refusal.ACCOUNT_CLOSED);
    closed.when(new WithdrawMoney(money("1"), null)).thenRefused(Refusal.ACCOUNT_CLOSED);
    closed.when(new AddInterest(BigDecimal.ONE)).thenRefused(Refusal.ACCOUNT_CLOSED);
    closed.when(new CloseAccount()).thenRefused(Refusal.ACCOUNT_CLOSED);
    closed.when(new CreditTransfer("t", "a", money("1"))).thenRefused(Refusal.ACCOUNT_CLOSED);
    closed.when(new RefundTransfer("t", money("1"), "no")).thenRefused(Refusal.ACCOUNT_CLOSED);
  }

  @Test
  void nothing_happens_to_an_account_that_is_not_there() {
    given().when(new DepositMoney(money("1"), null)).thenRefused(Refusal.ACCOUNT_UNKNOWN);
    given().when(new CloseAccount()).thenRefused(Refusal.ACCOUNT_UNKNOWN);
    given().when(new ConfirmTransfer("t")).thenRefused(Refusal.ACCOUNT_UNKNOWN);
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
        .thenRefused(Refusal.INSUFFICIENT_FUNDS);
  }
}
