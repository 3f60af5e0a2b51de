package io.varve.client.eventsourcing;

/**
 * A consistency boundary as three pure functions: they know neither storage nor time, and the same
 * arguments give the same results.
 *
 * <pre>{@code
 * enum AccountDecider implements Decider<AccountCommand, Account, AccountEvent> {
 *   INSTANCE;
 *   public Account initial() { return Account.NONE; }
 *   public Decision<AccountEvent> decide(AccountCommand command, Account account) {
 *     return switch (command) {
 *       case Deposit d -> Decision.of(new MoneyDeposited(d.amount()));
 *       case Withdraw w when account.covers(w.amount()) -> Decision.of(new MoneyWithdrawn(w.amount()));
 *       case Withdraw w -> Decision.refused("INSUFFICIENT_FUNDS", "the account holds " + account.balance());
 *     };
 *   }
 *   public Account evolve(Account account, AccountEvent event) {
 *     return switch (event) {
 *       case MoneyDeposited e -> account.credit(e.amount());
 *       case MoneyWithdrawn e -> account.debit(e.amount());
 *     };
 *   }
 * }
 * }</pre>
 *
 * @param <C> commands, best a sealed interface of records
 * @param <S> the state, immutable
 * @param <E> events, best a sealed interface of records
 */
public interface Decider<C, S, E> {

  /** The state before the first event. */
  S initial();

  /** What follows from the command in this state. */
  Decision<E> decide(C command, S state);

  /** The state after the event. It never refuses: what happened, happened. */
  S evolve(S state, E event);
}
