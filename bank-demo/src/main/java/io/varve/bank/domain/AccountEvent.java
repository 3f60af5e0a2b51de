package io.varve.bank.domain;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** A fact about one account, in its stream {@code account-<id>}. */
public sealed interface AccountEvent {

  record AccountOpened(String owner, Money initialBalance) implements AccountEvent {
    public AccountOpened {
      requireNonNull(owner);
      requireNonNull(initialBalance);
    }
  }

  record MoneyDeposited(Money amount, @Nullable String description) implements AccountEvent {
    public MoneyDeposited {
      requireNonNull(amount);
    }
  }

  record MoneyWithdrawn(Money amount, @Nullable String description) implements AccountEvent {
    public MoneyWithdrawn {
      requireNonNull(amount);
    }
  }

  /** The rate is a fraction of the balance: 0.05 is five per cent. */
  record InterestAdded(Money amount, BigDecimal rate) implements AccountEvent {
    public InterestAdded {
      requireNonNull(amount);
      requireNonNull(rate);
    }
  }

  record AccountClosed() implements AccountEvent {}

  /** The account is the source of a transfer, which is pending from here on. */
  record TransferInitiated(String transferId) implements AccountEvent {
    public TransferInitiated {
      requireNonNull(transferId);
    }
  }

  /** A transfer to or from the account is over, and the money arrived. */
  record TransferCompleted(String transferId) implements AccountEvent {
    public TransferCompleted {
      requireNonNull(transferId);
    }
  }

  /** A transfer is over for this account, and the money is where it was before. */
  record TransferFailed(String transferId, String error) implements AccountEvent {
    public TransferFailed {
      requireNonNull(transferId);
      requireNonNull(error);
    }
  }
}
