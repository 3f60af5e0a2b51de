package io.varve.bank.application;

import io.varve.bank.domain.Money;
import io.varve.bank.domain.Transfer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where transfers are asked for. Whoever implements it sees each one through to its end. */
public interface Transfers {

  /** What became of the request. */
  sealed interface Start {

    /** The transfer is in the log and will come to an end, whatever stops meanwhile. */
    record Started(String transferId) implements Start {}

    /** There is no such account; nothing was written. */
    record AccountUnknown(String accountId) implements Start {}

    /** The Idempotency-Key belongs to another transfer; nothing was written. */
    record KeyReused() implements Start {}
  }

  /**
   * A transfer as the store has it.
   *
   * @param position the log position of its newest event
   */
  record Report(Transfer transfer, long position) {}

  /** Starts a transfer; returns once it is in the log. */
  Start start(
      String fromAccount, String toAccount, Money amount, CommandId id, String correlationId);

  /**
   * The transfer at its end, or as it is when the end has not come within the time.
   *
   * @return empty: there is no such transfer
   */
  Optional<Report> await(String transferId, Duration patience) throws InterruptedException;

  /**
   * Has a transfer go on that {@linkplain Transfer.Status#NEEDS_ATTENTION needs attention}.
   *
   * @return false: it needs none, as far as this process knows
   */
  boolean retry(String transferId);

  /** The number of transfers that have started and not ended, as far as the log has been read. */
  int unfinished();

  /** Why no transfers are taken up at the moment; null: they are. */
  @Nullable String failure();
}
