package io.varve.bank.domain;

/** A fact about one transfer, in its own stream {@code transfer-<id>}. */
public sealed interface TransferEvent extends BankEvent {

  record TransferStarted(String fromAccount, String toAccount, Money amount)
      implements TransferEvent {}

  record SourceDebited() implements TransferEvent {}

  /** Nothing was moved; the transfer has failed. */
  record DebitRefused(String reason) implements TransferEvent {}

  record DestinationCredited() implements TransferEvent {}

  /** The money left the source and cannot arrive: it goes back. */
  record CreditRefused(String reason) implements TransferEvent {}

  /** The destination knows that the transfer is over; the source is next. */
  record DestinationConfirmed() implements TransferEvent {}

  /** An account that was to note the end of the transfer cannot: everything goes back. */
  record ConfirmationRefused(String reason) implements TransferEvent {}

  /** The transfer is complete, and both accounts know. */
  record TransferSettled() implements TransferEvent {}

  /** The credit was taken back out of the destination. */
  record CreditReversed() implements TransferEvent {}

  /** The money is back on the source; the transfer is compensated. */
  record SourceRefunded() implements TransferEvent {}

  /**
   * Money could not go back by itself. The transfer stays in sight until a person has settled it.
   */
  record CompensationRefused(TransferStep step, String reason) implements TransferEvent {}
}
