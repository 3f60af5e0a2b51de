package io.varve.bank.domain;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * A request to change one account, which {@link Account#decide} may refuse. The first five come
 * from people, the others from a transfer on its way.
 */
public sealed interface AccountCommand {

  record OpenAccount(String owner, Money initialBalance) implements AccountCommand {}

  record DepositMoney(Money amount, @Nullable String description) implements AccountCommand {}

  record WithdrawMoney(Money amount, @Nullable String description) implements AccountCommand {}

  /** Adds balance times rate, rounded to the cent as {@link Money#times} says. */
  record AddInterest(BigDecimal rate) implements AccountCommand {}

  record CloseAccount() implements AccountCommand {}

  /** Takes the money out and marks the transfer as pending, in one append. */
  record DebitTransfer(String transferId, String toAccount, Money amount)
      implements AccountCommand {}

  record CreditTransfer(String transferId, String fromAccount, Money amount)
      implements AccountCommand {}

  /** Notes that the transfer is over and succeeded. */
  record ConfirmTransfer(String transferId) implements AccountCommand {}

  /** Takes a credited transfer back out of its destination. */
  record ReverseTransfer(String transferId, Money amount, String reason)
      implements AccountCommand {}

  /** Gives the money back to the source of a transfer that failed. */
  record RefundTransfer(String transferId, Money amount, String reason) implements AccountCommand {}
}
