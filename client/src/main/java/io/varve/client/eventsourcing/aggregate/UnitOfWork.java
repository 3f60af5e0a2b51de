package io.varve.client.eventsourcing.aggregate;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.CommandEvents;
import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.CommandRefusedException;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Commands to several aggregates, of one type or of many, that are carried out together or not at
 * all, in one atomic step of the store: a transfer between two accounts, say. All are loaded and
 * decided; if one refuses, nothing is written; if somebody else was faster with any of them, all
 * are decided again.
 *
 * <p>It binds aggregates together that could otherwise live apart, and those that much else happens
 * to will be decided again often: what may take a moment is better left to a process.
 *
 * <pre>{@code
 * UnitOfWork.begin()
 *     .add(accounts, "1", new Withdraw(amount))
 *     .add(accounts, "2", new Deposit(amount))
 *     .commit(CommandOptions.withId("transfer-7"))
 *     .orElseThrow();
 * }</pre>
 *
 * <p>For one thread. Committing it again decides anew. The observers of the repositories hear of
 * each command that was carried out or refused; one that fails is the caller's to tell.
 */
public final class UnitOfWork {

  /** The scope of command ids; no stream of an application is called so. */
  private static final String SCOPE = "$unit-of-work";

  /** What became of it. */
  public sealed interface Result {

    /** The result of a unit of work that was carried out. */
    Committed orElseThrow();
  }

  /**
   * All of it is durable.
   *
   * @param versions the streams that were written, each with the version of its last event.
   *     Unmodifiable.
   * @param position the log position of the last event; 0: nothing was left to do
   * @param repeated it had been carried out before, under the same id, and nothing was written now:
   *     the other values are those of the first time
   */
  public record Committed(Map<String, Long> versions, long position, boolean repeated)
      implements Result {

    public Committed {
      versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
    }

    @Override
    public Committed orElseThrow() {
      return this;
    }
  }

  /**
   * One of the commands does not hold, and nothing was written.
   *
   * @param stream whose command
   * @param refusal why
   */
  public record Refused(String stream, Refusal refusal) implements Result {

    /**
     * Throws the refusal.
     *
     * @throws CommandRefusedException always
     */
    @Override
    public Committed orElseThrow() {
      throw new CommandRefusedException(refusal);
    }
  }

  private final Map<String, Part<?, ?, ?>> parts = new LinkedHashMap<>();

  private UnitOfWork() {}

  /** A unit of work without a command. */
  public static UnitOfWork begin() {
    return new UnitOfWork();
  }

  /**
   * Adds a command to an aggregate. Several to the same one are carried out in the order in which
   * they were added.
   *
   * @throws IllegalArgumentException the repository is of another store than the others, or the
   *     aggregate was added by way of another repository
   */
  @SuppressWarnings("ReferenceEquality") // the same one is meant
  public <C, S, E> UnitOfWork add(Repository<C, S, E> repository, String id, C command) {
    requireNonNull(command);
    String stream = repository.streamOf(id);
    for (Part<?, ?, ?> part : parts.values()) {
      if (part.repository.store() != repository.store()) {
        throw new IllegalArgumentException("a unit of work is of one store");
      }
    }
    Part<?, ?, ?> known = parts.computeIfAbsent(stream, absent -> new Part<>(repository, stream));
    if (known.repository != repository) {
      throw new IllegalArgumentException(
          "stream \"" + stream + "\" belongs to two repositories in one unit of work");
    }
    @SuppressWarnings("unchecked") // it is of this very repository
    Part<C, S, E> part = (Part<C, S, E>) known;
    part.commands.add(command);
    return this;
  }

  /** What concerns one aggregate. */
  private static final class Part<C, S, E> {

    final Repository<C, S, E> repository;
    final String stream;
    final List<C> commands = new ArrayList<>();

    Part(Repository<C, S, E> repository, String stream) {
      this.repository = repository;
      this.stream = stream;
    }

    Attempt<S, E> decide() {
      Loaded<S> loaded = repository.loadStream(stream);
      S state = loaded.state();
      List<E> events = new ArrayList<>();
      List<Taken> taken = new ArrayList<>();
      for (C command : commands) {
        AggregateType.Handled<S, E> handled = repository.type().handle(command, state);
        switch (handled.decision()) {
          case Decision.Accepted<E> accepted -> {
            events.addAll(accepted.events());
            taken.add(new Taken(command, accepted.events().size()));
          }
          case Decision.Refused<E> refused -> {
            List<Taken> theRefused = List.of(new Taken(command, 0));
            return new Attempt<>(
                repository, loaded, state, List.of(), theRefused, refused.refusal());
          }
        }
        state = handled.after();
      }
      return new Attempt<>(repository, loaded, state, events, taken, null);
    }
  }

  /** A command, and how many events follow from it. */
  private record Taken(Object command, int events) {}

  /**
   * One aggregate, loaded and decided.
   *
   * @param taken its commands; if one was refused, that one alone
   */
  private record Attempt<S, E>(
      Repository<?, S, E> repository,
      Loaded<S> loaded,
      S after,
      List<E> events,
      List<Taken> taken,
      @Nullable Refusal refusal) {

    /** Tells the repository's observer what became of its commands. */
    void tell(Result result, CommandOptions options, int conflicts, Instant startedAt) {
      String category = repository.type().category();
      Duration took = repository.since(startedAt);
      for (Taken each : taken) {
        String name = options.nameOf(each.command());
        repository
            .observer()
            .tell(
                o -> {
                  switch (result) {
                    case Committed done ->
                        o.commandExecuted(
                            category, name, done.repeated() ? 0 : each.events(), conflicts, took);
                    case Refused refused -> {
                      if (refusal != null) {
                        o.commandRefused(category, name, refusal, took);
                      }
                    }
                  }
                });
      }
    }

    void addTo(Transaction.Builder transaction, IntFunction<UUID> ids, EventContext context) {
      ExpectedVersion expected = ExpectedVersion.exactly(loaded.version());
      if (events.isEmpty()) {
        transaction.check(loaded.stream(), expected); // the decision rests on it all the same
        return;
      }
      List<NewEvent> encoded = new ArrayList<>(events.size());
      for (E event : events) {
        encoded.add(repository.type().types().encode(ids.apply(encoded.size()), event, context));
      }
      transaction.append(loaded.stream(), expected, encoded);
    }

    void offerSnapshot(TransactionResult result) {
      if (!events.isEmpty()) {
        repository.offerSnapshot(loaded, after, result.version(loaded.stream()));
      }
    }
  }

  /** Carries it out; see {@link #commit(CommandOptions)}. */
  public Result commit() {
    return commit(CommandOptions.none());
  }

  /**
   * Carries it out, and waits until it is durable.
   *
   * @param options an id is unique among the units of work of the store; what is expected of
   *     streams means nothing here; the retries are by default those of the first repository
   * @throws IllegalStateException there is no command in it
   * @throws VersionConflictException somebody else was faster time and again; nothing was written
   */
  public Result commit(CommandOptions options) {
    if (parts.isEmpty()) {
      throw new IllegalStateException("a unit of work needs a command");
    }
    Repository<?, ?, ?> first = parts.values().iterator().next().repository;
    EventContext context = options.contextOrNew();
    ConflictRetry patience = options.retry(first.retry());
    Instant startedAt = first.now();
    int conflicts = 0;
    while (true) {
      List<Attempt<?, ?>> attempts = new ArrayList<>();
      for (Part<?, ?, ?> part : parts.values()) {
        attempts.add(part.decide());
      }
      try {
        Result result = write(first.store(), attempts, options, context);
        for (Attempt<?, ?> attempt : attempts) {
          attempt.tell(result, options, conflicts, startedAt);
        }
        return result;
      } catch (VersionConflictException e) {
        conflicts++;
        if (!patience.pause(conflicts)) {
          throw e;
        }
      }
    }
  }

  private Result write(
      EventStore store,
      List<Attempt<?, ?>> attempts,
      CommandOptions options,
      EventContext context) {
    Attempt<?, ?> refused = null;
    for (Attempt<?, ?> attempt : attempts) {
      if (refused == null && attempt.refusal() != null) {
        refused = attempt;
      }
    }
    boolean nothing = attempts.stream().allMatch(attempt -> attempt.events().isEmpty());
    if (refused != null || nothing) {
      Result repeat = repeat(store, options);
      if (repeat != null) {
        return repeat;
      }
      return refused == null
          ? new Committed(Map.of(), 0, false)
          : new Refused(refused.loaded().stream(), requireNonNull(refused.refusal()));
    }
    String commandId = options.commandId();
    CommandEvents ids = commandId == null ? null : CommandEvents.of(SCOPE, commandId);
    Transaction.Builder transaction = Transaction.builder();
    int written = 0;
    for (Attempt<?, ?> attempt : attempts) {
      int before = written;
      attempt.addTo(
          transaction, index -> ids == null ? EventIds.next() : ids.id(before + index), context);
      written += attempt.events().size();
    }
    TransactionResult result;
    try {
      result = store.transact(transaction.build());
    } catch (EventIdTakenException e) {
      Result repeat = repeat(store, options);
      if (repeat == null) {
        throw e;
      }
      return repeat;
    }
    if (result.deduplicated() && commandId != null) {
      Result repeat = repeat(store, options);
      if (repeat != null) {
        return repeat;
      }
    }
    attempts.forEach(attempt -> attempt.offerSnapshot(result));
    return new Committed(result.versions(), result.position(), false);
  }

  /** The answer to a unit of work that has been carried out before; null: it has not. */
  private static @Nullable Result repeat(EventStore store, CommandOptions options) {
    String commandId = options.commandId();
    if (commandId == null) {
      return null;
    }
    List<RecordedEvent> originals = CommandEvents.of(SCOPE, commandId).find(store);
    if (originals.isEmpty()) {
      return null;
    }
    Map<String, Long> versions = new LinkedHashMap<>();
    originals.forEach(event -> versions.put(event.stream(), event.version()));
    return new Committed(versions, originals.getLast().position(), true);
  }
}
