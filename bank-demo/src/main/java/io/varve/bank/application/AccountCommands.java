package io.varve.bank.application;

import io.varve.bank.application.CommandOutcome.Conflicted;
import io.varve.bank.application.CommandOutcome.Done;
import io.varve.bank.application.CommandOutcome.KeyReused;
import io.varve.bank.application.CommandOutcome.Refused;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.store.Facts;
import io.varve.client.eventsourcing.CommandEvents;
import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.aggregate.CommandResult;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VersionConflictException;

/**
 * Carries out commands on accounts. Any thread may call it.
 *
 * <p>A command under an Idempotency-Key that has been carried out before changes nothing and is
 * answered as the first time. A refusal leaves no trace, so a refused command is decided afresh.
 */
public final class AccountCommands {

  private final EventStore store;
  private final Repository<AccountCommand, Account, AccountEvent> accounts;

  public AccountCommands(
      EventStore store, Repository<AccountCommand, Account, AccountEvent> accounts) {
    this.store = store;
    this.accounts = accounts;
  }

  public CommandOutcome handle(
      String accountId, AccountCommand command, CommandId id, String correlationId) {
    String commandId = id.value().toString();
    String fingerprint = id.fingerprint(command);
    EventContext context =
        EventContext.of(correlationId, commandId).with(Facts.COMMAND, fingerprint);
    CommandOptions options = CommandOptions.withId(commandId).context(context);
    try {
      return switch (accounts.execute(accountId, command, options)) {
        case CommandResult.Refused<Account, AccountEvent> refused -> new Refused(refused.refusal());
        case CommandResult.Executed<Account, AccountEvent> executed -> {
          RecordedEvent recorded = recorded(executed.stream(), commandId);
          yield fingerprint.equals(recorded.metadata().get(Facts.COMMAND))
              ? new Done(accountId, recorded, balanceAfter(accountId, recorded, executed))
              : new KeyReused();
        }
      };
    } catch (VersionConflictException e) {
      return new Conflicted(Accounts.MAX_ATTEMPTS);
    }
  }

  /** The command's one event, with what the store has added to it. */
  private RecordedEvent recorded(String stream, String commandId) {
    return store
        .getEvent(CommandEvents.of(stream, commandId).id(0))
        .orElseThrow(() -> new IllegalStateException(stream + " has lost " + commandId));
  }

  private Money balanceAfter(
      String accountId,
      RecordedEvent event,
      CommandResult.Executed<Account, AccountEvent> executed) {
    return executed.version() == event.version()
        ? executed.state().balance()
        : accounts.loadAt(accountId, event.version()).state().balance();
  }
}
