package io.varve.bank.application;

import io.varve.bank.domain.Account;
import io.varve.bank.domain.AccountCommand;
import io.varve.bank.domain.AccountEvent;
import io.varve.bank.domain.Money;
import io.varve.bank.store.BankEvents;
import io.varve.bank.store.Streams;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.aggregate.Loaded;
import io.varve.client.eventsourcing.aggregate.Repository;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamNotFoundException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Answers about an account's past, read from its stream in the store: always current, whatever the
 * read model does. Any thread may call it.
 */
public final class AccountHistory {

  /** The most events that one answer holds. */
  public static final int MAX_EVENTS = 10_000;

  /**
   * Some of an account's events, oldest first.
   *
   * @param version the stream's version, that is the number of its events
   */
  public record Events(List<RecordedEvent> events, long version) {}

  /** One event as a line to read, and the balance right after it. */
  public record Line(long version, Instant at, String type, String text, Money balance) {}

  private final EventStore store;
  private final Repository<AccountCommand, Account, AccountEvent> accounts;

  public AccountHistory(
      EventStore store, Repository<AccountCommand, Account, AccountEvent> accounts) {
    this.store = store;
    this.accounts = accounts;
  }

  /** At most {@code limit} events from a version on; empty when there is no such account. */
  public Optional<Events> events(String accountId, long fromVersion, int limit) {
    ReadStream whole = ReadStream.of(Streams.account(accountId));
    List<RecordedEvent> last = read(whole.backwards().limit(1));
    if (last.isEmpty()) {
      return Optional.empty();
    }
    long version = last.getFirst().version();
    List<RecordedEvent> events = read(whole.fromVersion(fromVersion).limit(limit));
    return Optional.of(new Events(events, version));
  }

  /**
   * The account's first {@link #MAX_EVENTS} events as lines; empty when there is no such account.
   * Events that the bank does not know are among them, and say so.
   */
  public Optional<List<Line>> timeline(String accountId) {
    List<Line> lines = new ArrayList<>();
    Account account = Account.NONE;
    for (RecordedEvent recorded :
        read(ReadStream.of(Streams.account(accountId)).limit(MAX_EVENTS))) {
      String text = "(not known to this program)";
      for (TypedEvent<AccountEvent> event : BankEvents.ACCOUNTS.decode(recorded)) {
        account = account.evolve(event.event());
        text = Accounts.sentence(event.event());
      }
      lines.add(
          new Line(
              recorded.version(), recorded.recordedAt(), recorded.type(), text, account.balance()));
    }
    return lines.isEmpty() ? Optional.empty() : Optional.of(lines);
  }

  /** The account as it was; empty when it had not been opened by then. */
  public Optional<Loaded<Account>> at(String accountId, Instant time) {
    Loaded<Account> loaded = accounts.loadAt(accountId, time);
    return loaded.exists() ? Optional.of(loaded) : Optional.empty();
  }

  private List<RecordedEvent> read(ReadStream read) {
    try (EventReader events = store.readStream(read)) {
      return events.toList();
    } catch (StreamNotFoundException | StreamDeletedException e) {
      return List.of();
    }
  }
}
