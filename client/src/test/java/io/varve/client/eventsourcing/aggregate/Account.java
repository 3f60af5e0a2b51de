package io.varve.client.eventsourcing.aggregate;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.json.JsonEvents;

/**
 * An account in two styles, for tests: as pure functions, and as an object.
 *
 * @param open whether it has been opened
 * @param balance what it holds
 * @param deposits how many deposits there have been
 */
public record Account(boolean open, long balance, int deposits) {

  /** What may happen. */
  public sealed interface Event {}

  public record Opened(String owner) implements Event {}

  public record Deposited(long amount) implements Event {}

  public record Withdrawn(long amount) implements Event {}

  /** What may be asked for. */
  public sealed interface Command {}

  public record Open(String owner) implements Command {}

  public record Deposit(long amount) implements Command {}

  /** Several deposits, all or nothing. */
  public record DepositEach(int times, long amount) implements Command {}

  public record Withdraw(long amount) implements Command {}

  static final Account NONE = new Account(false, 0, 0);

  static final EventTypes<Event> TYPES = JsonEvents.of(Event.class);

  static AggregateType<Command, Account, Event> type() {
    return AggregateType.of("account", TYPES, AccountDecider.INSTANCE);
  }

  Account after(Event event) {
    return switch (event) {
      case Opened _ -> new Account(true, balance, deposits);
      case Deposited e -> new Account(open, balance + e.amount(), deposits + 1);
      case Withdrawn e -> new Account(open, balance - e.amount(), deposits);
    };
  }

  /** The functions. */
  enum AccountDecider implements Decider<Command, Account, Event> {
    INSTANCE;

    @Override
    public Account initial() {
      return NONE;
    }

    @Override
    public Decision<Event> decide(Command command, Account account) {
      if (!account.open() && !(command instanceof Open)) {
        return Decision.refused("NOT_OPEN", "there is no such account");
      }
      return switch (command) {
        case Open _ when account.open() -> Decision.nothing();
        case Open c -> Decision.of(new Opened(c.owner()));
        case Deposit c -> Decision.of(new Deposited(c.amount()));
        case DepositEach c ->
            Decision.of(java.util.Collections.nCopies(c.times(), new Deposited(c.amount())));
        case Withdraw c when c.amount() > account.balance() ->
            Decision.refused("INSUFFICIENT_FUNDS", "it holds " + account.balance());
        case Withdraw c -> Decision.of(new Withdrawn(c.amount()));
      };
    }

    @Override
    public Account evolve(Account account, Event event) {
      return account.after(event);
    }
  }

  /** The object. */
  static final class AccountRoot extends AggregateRoot<Event> {

    private Account account;

    AccountRoot() {
      this(NONE);
    }

    AccountRoot(Account account) {
      this.account = account;
    }

    static AggregateType<java.util.function.Consumer<AccountRoot>, AccountRoot, Event> type() {
      return AggregateType.ofRoot("account", TYPES, AccountRoot::new);
    }

    Account account() {
      return account;
    }

    void open(String owner) {
      if (!account.open()) {
        raise(new Opened(owner));
      }
    }

    void deposit(long amount) {
      requireOpen();
      raise(new Deposited(amount));
    }

    void withdraw(long amount) {
      requireOpen();
      if (amount > account.balance()) {
        throw refuse("INSUFFICIENT_FUNDS", "it holds " + account.balance());
      }
      raise(new Withdrawn(amount));
    }

    private void requireOpen() {
      if (!account.open()) {
        throw refuse("NOT_OPEN", "there is no such account");
      }
    }

    @Override
    protected void on(Event event) {
      account = account.after(event);
    }
  }
}
