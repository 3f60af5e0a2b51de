package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.aggregate.AggregateType;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Tests what an aggregate decides: given these events, when this command comes, then these events
 * follow, or a refusal. It needs no store. Immutable; each method gives a new fixture.
 *
 * <pre>{@code
 * AggregateFixture.of(ACCOUNT)
 *     .given(new AccountOpened("Ada"), new MoneyDeposited(10))
 *     .when(new Withdraw(3))
 *     .then(new MoneyWithdrawn(3))
 *     .andState(account -> account.balance() == 7);
 *
 * AggregateFixture.of(ACCOUNT).when(new Withdraw(3)).thenRefused("NOT_OPEN");
 * }</pre>
 *
 * <p>Of an {@link AggregateType} every event, given or decided, is written and read as a store
 * would have it, and must come back as it was. A mere {@link Decider} is taken as it is.
 *
 * @param <C> commands
 * @param <S> the state
 * @param <E> events
 */
public final class AggregateFixture<C, S, E> {

  private record Subject<C, S, E>(
      Supplier<S> initial,
      BiFunction<S, E, S> evolve,
      BiFunction<C, S, Decision<E>> decide,
      BiFunction<E, Long, List<E>> stored) {}

  private final Subject<C, S, E> subject;
  private final List<E> given;

  private AggregateFixture(Subject<C, S, E> subject, List<E> given) {
    this.subject = subject;
    this.given = given;
  }

  /** Tests an aggregate, and that its events can be written and read. */
  public static <C, S, E> AggregateFixture<C, S, E> of(AggregateType<C, S, E> type) {
    return new AggregateFixture<>(
        new Subject<>(
            type::initial,
            type::evolve,
            (command, state) -> type.handle(command, state).decision(),
            (event, version) ->
                stored(type.types(), type.streamOf("given"), event, version).stream()
                    .map(TypedEvent::event)
                    .toList()),
        List.of());
  }

  /** Tests the functions alone. */
  public static <C, S, E> AggregateFixture<C, S, E> of(Decider<C, S, E> decider) {
    return new AggregateFixture<>(
        new Subject<>(
            decider::initial, decider::evolve, decider::decide, (event, version) -> List.of(event)),
        List.of());
  }

  /** The event as a store gives it back; it must not have changed on the way. */
  private static <E> List<TypedEvent<E>> stored(
      EventTypes<E> types, String stream, E event, long version) {
    RecordedEvent recorded =
        new RecordedEvent(
            stream, version, version, Instant.EPOCH, types.encode(event, EventContext.begin()));
    return Differences.requireSurvives(event, types.decode(recorded));
  }

  /** After these events too, in this order. */
  @SafeVarargs
  @SuppressWarnings("varargs") // List.of copies them
  public final AggregateFixture<C, S, E> given(E... events) {
    return given(List.of(events));
  }

  /** After these events too, in this order. */
  public AggregateFixture<C, S, E> given(List<? extends E> events) {
    List<E> all = new ArrayList<>(given);
    all.addAll(events);
    return new AggregateFixture<>(subject, List.copyOf(all));
  }

  /** Gives it the command, and answers with what it decides. */
  public DecisionOutcome<S, E> when(C command) {
    requireNonNull(command);
    S state = fold(given);
    Decision<E> decision = subject.decide().apply(command, state);
    List<E> all = new ArrayList<>(given);
    if (decision instanceof Decision.Accepted<E> accepted) {
      all.addAll(accepted.events());
    }
    S after = fold(all);
    return new DecisionOutcome<>(decision, after);
  }

  /** From the start each time: a root that has taken a command is used up. */
  private S fold(List<E> events) {
    S state = subject.initial().get();
    long version = 0;
    for (E event : events) {
      version++;
      for (E stored : subject.stored().apply(event, version)) {
        state = subject.evolve().apply(state, stored);
      }
    }
    return state;
  }
}
