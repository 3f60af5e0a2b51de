package io.varve.bank.application;

import io.varve.bank.domain.Money;
import java.util.concurrent.CompletableFuture;

/** Where transfers are asked for. Whoever implements it sees each one through to its end. */
public interface Transfers {

  /** What became of the request. */
  sealed interface Start {

    /**
     * The transfer is in the log and will come to an end, whatever stops meanwhile.
     *
     * @param end completes when the transfer has ended, well or not; never exceptionally
     */
    record Started(TransferReport report, CompletableFuture<TransferReport> end) implements Start {}

    /** There is no such account; nothing was written. */
    record AccountUnknown(String accountId) implements Start {}

    /** The Idempotency-Key belongs to another transfer; nothing was written. */
    record KeyReused() implements Start {}

    /** Too many transfers are on their way; nothing was written. */
    record TooMany(int onTheirWay) implements Start {}
  }

  /** Starts a transfer; returns once it is in the log. */
  Start start(
      String fromAccount, String toAccount, Money amount, CommandId id, String correlationId);

  /** The number of transfers that have started and not ended, as far as the log has been read. */
  int unfinished();
}
