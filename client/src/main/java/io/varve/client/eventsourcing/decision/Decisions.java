package io.varve.client.eventsourcing.decision;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.CommandEvents;
import io.varve.client.eventsourcing.CommandOptions;
import io.varve.client.eventsourcing.ConflictRetry;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes decisions that rest on a {@link DecisionModel}: reads its events, decides, and writes what
 * follows under the condition that nothing the model asks for has come since. If something has, it
 * reads and decides again. Of all who decide on the same facts at once, one wins; those whose
 * models have nothing in common do not disturb one another. Immutable; any thread may call it.
 *
 * <pre>{@code
 * var decisions = Decisions.of(store, CourseEvents.TYPES, event -> "course-" + event.course());
 * decisions.execute(
 *     isFull("c1"),
 *     full -> full
 *         ? Decision.refused("FULL", "there is no free seat")
 *         : Decision.of(new StudentSubscribed("s1", "c1")));
 * }</pre>
 *
 * @param <E> events
 */
public final class Decisions<E> {

  private static final Executor VIRTUAL_THREADS =
      task -> Thread.ofVirtual().name("varve-decision").start(task);

  /** The scope of command ids; no stream of an application is called so. */
  private static final String SCOPE = "$decisions";

  private final EventStore store;
  private final EventTypes<E> types;
  private final Function<? super E, String> streams;
  private final String name;
  private final ToolkitObserver observer;
  private final InstantSource clock;
  private final ConflictRetry retry;

  private Decisions(
      EventStore store,
      EventTypes<E> types,
      Function<? super E, String> streams,
      String name,
      ToolkitObserver observer,
      InstantSource clock,
      ConflictRetry retry) {
    this.store = requireNonNull(store);
    this.types = requireNonNull(types);
    this.streams = requireNonNull(streams);
    this.name = requireNonNull(name);
    this.observer = requireNonNull(observer);
    this.clock = requireNonNull(clock);
    this.retry = requireNonNull(retry);
  }

  /**
   * Decisions whose events are written to the streams that this function says.
   *
   * @param streams which stream an event belongs to. Rules do not depend on it: it is where people
   *     and projections find the event. One that is deleted is opened again
   */
  public static <E> Decisions<E> of(
      EventStore store, EventTypes<E> types, Function<? super E, String> streams) {
    return new Decisions<>(
        store,
        types,
        streams,
        "decision",
        ToolkitObserver.NONE,
        InstantSource.system(),
        ConflictRetry.standard());
  }

  /** The same, with all events written to this stream. */
  public Decisions<E> to(String stream) {
    requireNonNull(stream);
    return new Decisions<>(store, types, event -> stream, name, observer, clock, retry);
  }

  /** What observers hear as the category. */
  public Decisions<E> named(String name) {
    return new Decisions<>(store, types, streams, name, observer, clock, retry);
  }

  /** Who hears of decisions. */
  public Decisions<E> observer(ToolkitObserver observer) {
    return new Decisions<>(store, types, streams, name, observer, clock, retry);
  }

  /** What measures how long things take; by default the system's clock. */
  public Decisions<E> clock(InstantSource clock) {
    return new Decisions<>(store, types, streams, name, observer, clock, retry);
  }

  /** How often, and after which waits, a decision is made again. */
  public Decisions<E> retry(ConflictRetry retry) {
    return new Decisions<>(store, types, streams, name, observer, clock, retry);
  }

  // ---- reading

  /** What the model's events come to now. */
  public <S> Known<S> load(DecisionModel<S> model) {
    Facts<S> facts = read(model);
    return new Known<>(facts.run().state(), facts.head());
  }

  private record Facts<S>(DecisionModel.Run<S> run, long head, long read, long mattering) {}

  private <S> Facts<S> read(DecisionModel<S> model) {
    Instant startedAt = clock.instant();
    ReadLog all = ReadLog.all().query(model.query());
    Facts<S> facts;
    if (model.isNewestOnly()) {
      facts = read(model, all.backwards().limit(1));
      if (facts.read() > 0 && facts.mattering() == 0) {
        facts = read(model, all); // upcasters have made nothing of the newest one
      }
    } else {
      facts = read(model, all);
    }
    long events = facts.read();
    observer.tell(o -> o.loaded(name, events, false, since(startedAt)));
    return facts;
  }

  private <S> Facts<S> read(DecisionModel<S> model, ReadLog read) {
    DecisionModel.Run<S> run = model.start();
    long events = 0;
    long mattering = 0;
    try (EventReader reader = store.readLog(read)) {
      for (RecordedEvent event : reader) {
        events++;
        mattering += run.take(event) ? 1 : 0;
      }
      return new Facts<>(run, reader.headPosition(), events, mattering);
    }
  }

  private Duration since(Instant startedAt) {
    Duration took = Duration.between(startedAt, clock.instant());
    return took.isNegative() ? Duration.ZERO : took;
  }

  // ---- deciding

  /** Decides; see {@link #execute(DecisionModel, Function, CommandOptions)}. */
  public <S> DecisionResult<S, E> execute(
      DecisionModel<S> model, Function<? super S, Decision<E>> decide) {
    return execute(model, decide, CommandOptions.none());
  }

  /**
   * Decides, and waits until the events are durable.
   *
   * @param decide pure: it may be called several times
   * @throws ConditionFailedException somebody else was faster time and again; nothing was written
   * @throws io.varve.client.streams.StoreUnavailableException no answer in time. If the outcome is
   *     unknown, repeating the decision is safe under an id of its own
   */
  public <S> DecisionResult<S, E> execute(
      DecisionModel<S> model, Function<? super S, Decision<E>> decide, CommandOptions options) {
    requireNonNull(model);
    String command = options.nameOf(decide);
    Instant startedAt = clock.instant();
    int[] conflicts = new int[1];
    try {
      DecisionResult<S, E> result = execute(model, decide, options, conflicts);
      observer.tell(o -> told(o, command, result, conflicts[0], since(startedAt)));
      return result;
    } catch (RuntimeException e) {
      observer.tell(o -> o.commandFailed(name, command, e, since(startedAt)));
      throw e;
    }
  }

  private void told(
      ToolkitObserver to,
      String command,
      DecisionResult<?, E> result,
      int conflicts,
      Duration took) {
    switch (result) {
      case DecisionResult.Executed<?, E> done ->
          to.commandExecuted(
              name, command, done.repeated() ? 0 : done.events().size(), conflicts, took);
      case DecisionResult.Refused<?, E> refused ->
          to.commandRefused(name, command, refused.refusal(), took);
    }
  }

  private <S> DecisionResult<S, E> execute(
      DecisionModel<S> model,
      Function<? super S, Decision<E>> decide,
      CommandOptions options,
      int[] conflicts) {
    EventContext context = options.contextOrNew();
    ConflictRetry patience = options.retry(retry);
    while (true) {
      Facts<S> facts = read(model);
      S state = facts.run().state();
      Decision<E> decision = decide.apply(state);
      if (!(decision instanceof Decision.Accepted<E> accepted) || accepted.events().isEmpty()) {
        DecisionResult<S, E> repeat = repeat(model, facts, options);
        return repeat == null ? nothingToWrite(facts, state, decision) : repeat;
      }
      try {
        return write(model, facts, written(accepted.events(), options, context), options);
      } catch (ConditionFailedException e) {
        conflicts[0]++;
        if (!patience.pause(conflicts[0])) {
          throw e;
        }
      }
    }
  }

  private <S> DecisionResult<S, E> nothingToWrite(Facts<S> facts, S state, Decision<E> decision) {
    return switch (decision) {
      case Decision.Accepted<E> nothing ->
          new DecisionResult.Executed<>(state, facts.head(), List.of(), false);
      case Decision.Refused<E> refused ->
          new DecisionResult.Refused<>(state, facts.head(), refused.refusal());
    };
  }

  /** An event as it is decided, and as it is written. */
  private record Written<E>(E event, String stream, NewEvent encoded) {}

  /** The events in the order in which they will stand in the log: stream after stream. */
  private List<Written<E>> written(List<E> events, CommandOptions options, EventContext context) {
    Map<String, List<E>> byStream = new LinkedHashMap<>();
    for (E event : events) {
      byStream.computeIfAbsent(streams.apply(event), stream -> new ArrayList<>()).add(event);
    }
    String commandId = options.commandId();
    CommandEvents ids = commandId == null ? null : CommandEvents.of(SCOPE, commandId);
    List<Written<E>> written = new ArrayList<>(events.size());
    byStream.forEach(
        (stream, its) ->
            its.forEach(
                event ->
                    written.add(
                        new Written<>(
                            event,
                            stream,
                            types.encode(
                                ids == null ? EventIds.next() : ids.id(written.size()),
                                event,
                                context)))));
    return written;
  }

  private <S> DecisionResult<S, E> write(
      DecisionModel<S> model, Facts<S> facts, List<Written<E>> events, CommandOptions options) {
    Transaction.Builder transaction =
        Transaction.builder().condition(AppendCondition.noMatch(model.query()).after(facts.head()));
    Map<String, List<NewEvent>> byStream = new LinkedHashMap<>();
    for (Written<E> event : events) {
      byStream.computeIfAbsent(event.stream(), stream -> new ArrayList<>()).add(event.encoded());
    }
    byStream.forEach((stream, its) -> transaction.append(stream, ExpectedVersion.any(), its));
    TransactionResult result;
    try {
      result = store.transact(transaction.build());
    } catch (EventIdTakenException e) {
      DecisionResult<S, E> repeat = repeat(model, facts, options);
      if (repeat == null) {
        throw e;
      }
      return repeat;
    }
    if (result.deduplicated() && options.commandId() != null) {
      DecisionResult<S, E> repeat = repeat(model, facts, options);
      if (repeat != null) {
        return repeat;
      }
    }
    recorded(events, byStream, result).forEach(facts.run()::take);
    return new DecisionResult.Executed<>(
        facts.run().state(),
        result.position(),
        events.stream().map(Written::event).toList(),
        false);
  }

  /** The events as the store has them now: at positions and versions next to one another. */
  private List<RecordedEvent> recorded(
      List<Written<E>> events, Map<String, List<NewEvent>> byStream, TransactionResult result) {
    Instant recordedAt = requireNonNull(result.recordedAt());
    long position = result.position() - events.size();
    List<RecordedEvent> recorded = new ArrayList<>(events.size());
    for (Map.Entry<String, List<NewEvent>> part : byStream.entrySet()) {
      long version = result.version(part.getKey()) - part.getValue().size();
      for (NewEvent event : part.getValue()) {
        recorded.add(new RecordedEvent(part.getKey(), ++version, ++position, recordedAt, event));
      }
    }
    return recorded;
  }

  /** The answer to a decision that has been carried out before; null: it has not. */
  private <S> @Nullable DecisionResult<S, E> repeat(
      DecisionModel<S> model, Facts<S> facts, CommandOptions options) {
    String commandId = options.commandId();
    if (commandId == null) {
      return null;
    }
    List<RecordedEvent> originals = CommandEvents.of(SCOPE, commandId).find(store);
    if (originals.isEmpty()) {
      return null;
    }
    long position = originals.getLast().position();
    Facts<S> now = facts.head() < position ? read(model) : facts;
    List<E> events =
        originals.stream()
            .flatMap(original -> types.decode(original).stream())
            .map(TypedEvent::event)
            .toList();
    return new DecisionResult.Executed<>(now.run().state(), position, events, true);
  }

  /**
   * Decides on a virtual thread of its own; see {@link #execute(DecisionModel, Function,
   * CommandOptions)}.
   *
   * @return completes with the result, or with the exception that {@code execute} would have
   *     thrown. Cancelling it does not cancel the decision.
   */
  public <S> CompletableFuture<DecisionResult<S, E>> executeAsync(
      DecisionModel<S> model, Function<? super S, Decision<E>> decide, CommandOptions options) {
    return CompletableFuture.supplyAsync(() -> execute(model, decide, options), VIRTUAL_THREADS);
  }

  @Override
  public String toString() {
    return "Decisions[" + name + "]";
  }
}
