package io.varve.bank.application;

import io.varve.bank.application.CommandOutcome.Conflicted;
import io.varve.bank.application.CommandOutcome.Done;
import io.varve.bank.application.CommandOutcome.KeyReused;
import io.varve.bank.application.CommandOutcome.Refused;
import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.Decision;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.EventContext;
import io.varve.bank.store.EventIds;
import io.varve.bank.store.Streams;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.VersionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Carries out commands on accounts: load, decide, append under the version that was loaded. On a
 * conflict it loads and decides again, {@link #MAX_ATTEMPTS} times in all. Any thread may call it.
 *
 * <p>A command under an Idempotency-Key that has been carried out before changes nothing and is
 * answered as the first time. A refusal leaves no trace, so a refused command is decided afresh.
 */
public final class AccountCommands {

  /** Enough for a busy account; an account that is busier still answers with a conflict. */
  static final int MAX_ATTEMPTS = 10;

  private final EventStore store;
  private final EventCodec codec;
  private final AccountLoader accounts;

  public AccountCommands(EventStore store, EventCodec codec, AccountLoader accounts) {
    this.store = store;
    this.codec = codec;
    this.accounts = accounts;
  }

  public CommandOutcome handle(
      String accountId, AccountCommand command, CommandId id, String correlationId) {
    EventContext context = context(command, id, correlationId);
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      // In this order: a first run that the load has missed makes our append a duplicate, and one
      // that the load has seen is seen here as well. The other way round could refuse a withdrawal
      // because of itself.
      LoadedAccount loaded = accounts.load(accountId);
      if (id.repeatable()) {
        Optional<RecordedEvent> earlier = store.getEvent(id.eventId(0));
        if (earlier.isPresent()) {
          return answerAgain(accountId, earlier.get(), context);
        }
      }
      switch (loaded.account().decide(command)) {
        case Decision.Refused refused -> {
          return new Refused(refused.refusal(), refused.reason());
        }
        case Decision.Accepted accepted -> {
          Optional<CommandOutcome> outcome =
              append(accountId, loaded, accepted.events(), id, context);
          if (outcome.isPresent()) {
            return outcome.get();
          }
        }
      }
    }
    return new Conflicted(MAX_ATTEMPTS);
  }

  /** Empty: the account has changed since it was loaded, or an earlier run of the command won. */
  private Optional<CommandOutcome> append(
      String accountId,
      LoadedAccount loaded,
      List<AccountEvent> events,
      CommandId id,
      EventContext context) {
    String stream = Streams.account(accountId);
    List<NewEvent> newEvents = new ArrayList<>();
    Account after = loaded.account();
    for (AccountEvent event : events) {
      newEvents.add(codec.encode(id.eventId(newEvents.size()), event, context));
      after = after.evolve(event);
    }
    try {
      AppendResult result =
          store.append(stream, ExpectedVersion.exactly(loaded.version()), newEvents);
      if (result.deduplicated() && id.repeatable()) {
        return Optional.empty();
      }
      RecordedEvent recorded =
          new RecordedEvent(
              stream,
              result.version(),
              result.position(),
              result.recordedAt(),
              newEvents.getLast());
      return Optional.of(new Done(accountId, recorded, after.balance()));
    } catch (VersionConflictException e) {
      return Optional.empty();
    } catch (EventIdTakenException e) {
      return Optional.of(new KeyReused());
    }
  }

  /** The answer of the first run, told from what that run recorded. */
  private CommandOutcome answerAgain(
      String accountId, RecordedEvent earlier, EventContext context) {
    boolean sameCommand =
        earlier.stream().equals(Streams.account(accountId))
            && Objects.equals(
                context.facts().get(EventContext.COMMAND),
                earlier.metadata().get(EventContext.COMMAND));
    if (!sameCommand) {
      return new KeyReused();
    }
    Account then = accounts.loadUpTo(accountId, earlier.version()).account();
    return new Done(accountId, earlier, then.balance());
  }

  private static EventContext context(AccountCommand command, CommandId id, String correlationId) {
    Map<String, String> facts =
        id.repeatable()
            ? Map.of(EventContext.COMMAND, EventIds.named(command.toString()).toString())
            : Map.of();
    return new EventContext(correlationId, id.value().toString(), facts);
  }
}
