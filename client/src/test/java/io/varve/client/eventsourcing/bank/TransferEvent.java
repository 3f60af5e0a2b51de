package io.varve.client.eventsourcing.bank;

import java.math.BigDecimal;

/** What happens to a transfer from outside; the rest is in the stream of its process. */
public sealed interface TransferEvent {

  String transferId();

  record TransferRequested(String transferId, String from, String to, BigDecimal amount)
      implements TransferEvent {}

  /** Somebody remarks something on a transfer, which changes nothing. */
  record TransferNoted(String transferId, String note) implements TransferEvent {}
}
