package io.varve.bank.readmodel;

import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.AccountEvent.AccountOpened;
import io.varve.bank.domain.AccountEvent.InterestAdded;
import io.varve.bank.domain.AccountEvent.MoneyDeposited;
import io.varve.bank.domain.AccountEvent.MoneyWithdrawn;
import io.varve.bank.domain.Money;
import io.varve.bank.store.Facts;
import io.varve.bank.store.TransferFold;
import io.varve.client.eventsourcing.TypedEvent;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An event seen as money that moves into or out of an account: what counts as a transaction.
 * Opening an account with money counts; opening one with nothing does not.
 *
 * @param transferId the transfer that it belongs to, if any
 */
record Movement(
    Kind kind, Money amount, @Nullable String description, @Nullable String transferId) {

  /** Why money moves. */
  enum Kind {
    OPENING(1),
    DEPOSIT(1),
    WITHDRAWAL(-1),
    INTEREST(1),
    TRANSFER_IN(1),
    TRANSFER_OUT(-1),
    /** A transfer came back to its source. */
    REFUND(1),
    /** A transfer was taken back out of its destination. */
    REVERSAL(-1);

    private final int direction;

    Kind(int direction) {
      this.direction = direction;
    }

    /** 1 into the account, -1 out of it. */
    int direction() {
      return direction;
    }

    /** Its name in rows and answers. */
    String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Whether money crosses the bank's edge, rather than going from one account to another. */
    boolean isExternal() {
      return switch (this) {
        case OPENING, DEPOSIT, WITHDRAWAL, INTEREST -> true;
        case TRANSFER_IN, TRANSFER_OUT, REFUND, REVERSAL -> false;
      };
    }
  }

  static Optional<Movement> of(TypedEvent<? extends AccountEvent> event) {
    Map<String, String> metadata = event.recorded().metadata();
    String transferId = metadata.get(Facts.TRANSFER_ID);
    boolean isUndo = TransferFold.isUndo(metadata.getOrDefault(Facts.TRANSFER_STEP, ""));
    return switch (event.event()) {
      case AccountOpened e ->
          e.initialBalance().isZero()
              ? Optional.empty()
              : Optional.of(new Movement(Kind.OPENING, e.initialBalance(), null, null));
      case MoneyDeposited e -> {
        Kind byTransfer = isUndo ? Kind.REFUND : Kind.TRANSFER_IN;
        Kind kind = transferId == null ? Kind.DEPOSIT : byTransfer;
        yield Optional.of(new Movement(kind, e.amount(), e.description(), transferId));
      }
      case MoneyWithdrawn e -> {
        Kind byTransfer = isUndo ? Kind.REVERSAL : Kind.TRANSFER_OUT;
        Kind kind = transferId == null ? Kind.WITHDRAWAL : byTransfer;
        yield Optional.of(new Movement(kind, e.amount(), e.description(), transferId));
      }
      case InterestAdded e ->
          Optional.of(
              new Movement(Kind.INTEREST, e.amount(), "Rate " + e.rate().toPlainString(), null));
      default -> Optional.empty();
    };
  }

  /** What it does to the balance. */
  BigDecimal change() {
    return amount.toBigDecimal().multiply(BigDecimal.valueOf(kind.direction()));
  }
}
