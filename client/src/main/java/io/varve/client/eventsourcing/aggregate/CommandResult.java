package io.varve.client.eventsourcing.aggregate;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.Refusal;
import java.util.List;

/**
 * What became of a command.
 *
 * <pre>{@code
 * switch (accounts.execute("42", new Withdraw(amount))) {
 *   case CommandResult.Executed<Account, AccountEvent> done -> reply(done.state(), done.position());
 *   case CommandResult.Refused<Account, AccountEvent> refused -> reply(refused.refusal());
 * }
 * Account account = accounts.execute("42", new Deposit(amount)).orElseThrow().state();
 * }</pre>
 *
 * @param <S> the state
 * @param <E> events
 */
public sealed interface CommandResult<S, E> {

  /** The aggregate's stream. */
  String stream();

  /** The aggregate's state now. A root may be looked at; what is done to it is not written. */
  S state();

  /** The version of the last event that is in the state; 0: there is no such aggregate. */
  long version();

  /**
   * A position in the log: a reader that has come that far has seen this command's events, or, if
   * it has none, all that is in the state. What read models are asked to wait for. 0: there is
   * nothing to wait for.
   */
  long position();

  /** The result of a command that was carried out. */
  Executed<S, E> orElseThrow();

  /**
   * The command holds, and its events are durable.
   *
   * @param events what follows from it, in order; empty: nothing was left to do
   * @param repeated the command had been carried out before, under the same id, and nothing was
   *     written now: the events and the position are those of the first time, state and version
   *     those of now
   */
  record Executed<S, E>(
      String stream, S state, long version, long position, List<E> events, boolean repeated)
      implements CommandResult<S, E> {

    public Executed {
      events = List.copyOf(events);
    }

    @Override
    public Executed<S, E> orElseThrow() {
      return this;
    }
  }

  /**
   * The command does not hold, and nothing was written.
   *
   * @param refusal why
   */
  record Refused<S, E>(String stream, S state, long version, long position, Refusal refusal)
      implements CommandResult<S, E> {

    public Refused {
      requireNonNull(refusal);
    }

    /**
     * Throws the refusal.
     *
     * @throws CommandRefusedException always
     */
    @Override
    public Executed<S, E> orElseThrow() {
      throw new CommandRefusedException(refusal);
    }
  }
}
