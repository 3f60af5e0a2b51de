package io.varve.client.testkit;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.decision.DecisionModel;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Tests decisions that rest on a {@link DecisionModel}: given these events, when this is decided,
 * then these events follow, or a refusal. It needs no store; the model takes of the given events
 * what a store would give it, so a tag that is missing shows. Immutable; each method gives a new
 * fixture.
 *
 * <pre>{@code
 * DecisionFixture.of(COURSES, event -> "course-" + event.course())
 *     .given(new CourseDefined("c1", 1), new StudentSubscribed("s1", "c1"))
 *     .when(isFull("c1"), full -> subscribe("s2", full))
 *     .thenRefused("FULL");
 * }</pre>
 *
 * @param <E> events
 */
public final class DecisionFixture<E> {

  private final EventTypes<E> types;
  private final Function<? super E, String> streams;
  private final Instant now;
  private final List<RecordedEvent> log;

  private DecisionFixture(
      EventTypes<E> types,
      Function<? super E, String> streams,
      Instant now,
      List<RecordedEvent> log) {
    this.types = requireNonNull(types);
    this.streams = requireNonNull(streams);
    this.now = requireNonNull(now);
    this.log = log;
  }

  /** Tests decisions about these events, all of one stream. */
  public static <E> DecisionFixture<E> of(EventTypes<E> types) {
    return of(types, event -> "given");
  }

  /** Tests decisions about these events, in the streams that this function says. */
  public static <E> DecisionFixture<E> of(
      EventTypes<E> types, Function<? super E, String> streams) {
    return new DecisionFixture<>(types, streams, Instant.EPOCH, List.of());
  }

  /**
   * What follows happens at this time: it became true then, and was recorded then. Without it, it
   * is {@link Instant#EPOCH}.
   */
  public DecisionFixture<E> at(Instant time) {
    return new DecisionFixture<>(types, streams, time, log);
  }

  /** After these events too, in this order. */
  @SafeVarargs
  @SuppressWarnings("varargs") // List.of copies them
  public final DecisionFixture<E> given(E... events) {
    return given(List.of(events));
  }

  /** After these events too, in this order. */
  public DecisionFixture<E> given(List<? extends E> events) {
    return new DecisionFixture<>(types, streams, now, after(events));
  }

  private List<RecordedEvent> after(List<? extends E> events) {
    List<RecordedEvent> all = new ArrayList<>(log);
    Map<String, Long> versions = new HashMap<>();
    log.forEach(event -> versions.put(event.stream(), event.version()));
    for (E event : events) {
      String stream = streams.apply(event);
      RecordedEvent recorded =
          new RecordedEvent(
              stream,
              versions.merge(stream, 1L, Long::sum),
              all.size() + 1L,
              now,
              types.encode(event, EventContext.begin().occurredAt(now)));
      Differences.requireSurvives(event, types.decode(recorded));
      all.add(recorded);
    }
    return List.copyOf(all);
  }

  /** Decides on what the model makes of the events, and answers with what comes of it. */
  public <S> DecisionOutcome<S, E> when(
      DecisionModel<S> model, Function<? super S, Decision<E>> decide) {
    Decision<E> decision = decide.apply(model.fold(log));
    S after =
        switch (decision) {
          case Decision.Accepted<E> accepted -> model.fold(after(accepted.events()));
          case Decision.Refused<E> refused -> model.fold(log);
        };
    return new DecisionOutcome<>(decision, after);
  }
}
