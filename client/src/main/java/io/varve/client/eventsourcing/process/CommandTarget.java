package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventTypes;

/**
 * Who takes a process's commands: a name, and how the commands are written into the instance's
 * stream. They are named and versioned as events are, because they are kept as long.
 *
 * <pre>{@code
 * static final CommandTarget<AccountCommand> ACCOUNTS =
 *     CommandTarget.of("account", JsonEvents.of(AccountCommand.class));
 * Effect.send(ACCOUNTS, "42", new Deposit(amount));
 * }</pre>
 *
 * @param name unique among the targets of a process; never to be changed once commands exist
 * @param types the commands, by name
 * @param <C> the commands, best a sealed interface of records
 */
public record CommandTarget<C>(String name, EventTypes<C> types) {

  public CommandTarget {
    requireNonNull(name);
    requireNonNull(types);
  }

  /** A target. */
  public static <C> CommandTarget<C> of(String name, EventTypes<C> types) {
    return new CommandTarget<>(name, types);
  }
}
