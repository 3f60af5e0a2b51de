package io.varve.client.eventsourcing.aggregate;

import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.Refusal;
import java.util.ArrayList;
import java.util.List;

/**
 * A consistency boundary as an object that changes, for those who like it that way: its methods are
 * the commands, which {@link #raise} events or {@link #refuse}; its fields change in {@link #on}
 * alone, which is how it is also rebuilt from its past. A repository makes a new one for each
 * command, so it is only ever used by one thread.
 *
 * <pre>{@code
 * final class Account extends AggregateRoot<AccountEvent> {
 *   private BigDecimal balance = BigDecimal.ZERO;
 *
 *   void withdraw(BigDecimal amount) {
 *     if (amount.compareTo(balance) > 0) throw refuse("INSUFFICIENT_FUNDS", "it holds " + balance);
 *     raise(new MoneyWithdrawn(amount));
 *   }
 *
 *   @Override protected void on(AccountEvent event) {
 *     switch (event) {
 *       case MoneyDeposited e -> balance = balance.add(e.amount());
 *       case MoneyWithdrawn e -> balance = balance.subtract(e.amount());
 *     }
 *   }
 * }
 * }</pre>
 *
 * @param <E> events, best a sealed interface of records
 */
public abstract class AggregateRoot<E> {

  private final List<E> raised = new ArrayList<>();

  /** A root before its first event. */
  protected AggregateRoot() {}

  /** Takes what happened into the fields. It never refuses: what happened, happened. */
  protected abstract void on(E event);

  /**
   * Says that something happened: it takes effect on the fields at once, and is written when the
   * command has ended.
   */
  protected final void raise(E event) {
    on(event);
    raised.add(event);
  }

  /**
   * Refuses the command; nothing of what it has raised is written.
   *
   * @return never; it is there for {@code throw refuse(…)}, which tells the compiler so
   * @throws CommandRefusedException always
   */
  protected final CommandRefusedException refuse(String code, String message) {
    throw new CommandRefusedException(new Refusal(code, message));
  }

  /** What the command has raised, which is then forgotten. */
  final List<E> takeRaised() {
    List<E> taken = List.copyOf(raised);
    raised.clear();
    return taken;
  }
}
