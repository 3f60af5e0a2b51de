package io.varve.client.eventsourcing.process;

import io.varve.client.eventsourcing.EventContext;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.NewEvent;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is to be appended to an instance's stream for the inputs that it takes: each input, followed
 * by what the application makes of it. Nothing is changed until it has been appended.
 */
final class Draft<S, E> {

  /** Later than anybody waits. */
  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  private final ProcessManager<S, E> process;
  private final ProcessEvents<E> events;
  private final String instance;
  private final Fold<S, E> fold;
  private final InstantSource clock;
  private final List<NewEvent> drafted = new ArrayList<>();

  private final Set<String> timers;
  private final Set<String> keys;
  private final Set<UUID> pending;
  private boolean completing;
  private String outcome;
  private String reason;
  private @Nullable S state;
  private int effects;

  Draft(
      ProcessManager<S, E> process,
      ProcessEvents<E> events,
      String instance,
      Fold<S, E> fold,
      InstantSource clock) {
    this.process = process;
    this.events = events;
    this.instance = instance;
    this.fold = fold;
    this.clock = clock;
    this.timers = new HashSet<>(fold.timers().keySet());
    this.keys = new HashSet<>(fold.keys());
    this.pending = new HashSet<>(fold.pending().keySet());
    this.completing = fold.isCompleting();
    this.outcome = fold.outcome();
    this.reason = fold.reason();
  }

  /** The instance begins. */
  void start(TypedEvent<E> with) {
    UUID id = events.id(instance, "started", with.recorded().id().toString());
    drafted.add(events.started(id, EventContext.causedBy(with.recorded())));
  }

  void event(TypedEvent<E> event) {
    take(
        Fold.happened(event),
        events.taken(
            events.id(instance, "event", event.recorded().id().toString(), event.part() + ""),
            event,
            EventContext.causedBy(event.recorded())));
  }

  /** An event that was put aside, and whose turn has come. */
  void parked(Fold.Parked parked) {
    TypedEvent<E> event =
        events.event(parked.event().original(parked.stored()), parked.event().part());
    take(
        Fold.happened(event),
        events.taken(
            events.id(instance, "event", event.recorded().id().toString(), event.part() + ""),
            event,
            EventContext.causedBy(parked.stored()).causedBy(event.recorded().id().toString())));
  }

  /** The application cannot take the event now; it is kept until it can. */
  void park(TypedEvent<E> event, Exception why) {
    UUID id = events.id(instance, "parked", event.recorded().id().toString(), event.part() + "");
    drafted.add(events.parked(id, event, why, EventContext.causedBy(event.recorded())));
  }

  void accepted(Fold.Pending command) {
    pending.remove(command.commandId());
    take(
        new Input.CommandAccepted<>(command.send()),
        events.accepted(
            events.id(instance, "accepted", command.commandId().toString()),
            command.commandId(),
            EventContext.causedBy(command.issued())));
  }

  void refused(Fold.Pending command, Refusal told, @Nullable UUID claim) {
    Refusal refusal = ProcessEvents.recorded(told);
    pending.remove(command.commandId());
    UUID id =
        claim != null ? claim : events.id(instance, "refused", command.commandId().toString());
    take(
        new Input.CommandRefused<>(command.send(), refusal),
        events.refused(id, command.commandId(), refusal, EventContext.causedBy(command.issued())));
  }

  void fired(Fold.Timer timer) {
    timers.remove(timer.name());
    take(
        new Input.TimerFired<>(timer.name(), timer.due()),
        events.fired(
            events.id(instance, "fired", timer.scheduled().id().toString()),
            timer.name(),
            timer.due(),
            EventContext.causedBy(timer.scheduled())));
  }

  void retryRequested(UUID id) {
    EventContext context = fold.last().map(EventContext::causedBy).orElseGet(EventContext::begin);
    take(new Input.RetryRequested<>(), events.retryRequested(id, context));
  }

  private void take(Input<E> input, NewEvent recorded) {
    S next = process.evolve(state == null ? fold.state() : state, input);
    List<Effect> reaction = process.react(next, input);
    state = next;
    drafted.add(recorded);
    EventContext context =
        EventContext.of(
            recorded.metadata().getOrDefault(EventContext.CORRELATION_ID, ""),
            recorded.id().toString());
    boolean ends = completing;
    for (Effect effect : reaction) {
      UUID id =
          events.id(instance, "effect", recorded.id().toString(), Integer.toString(effects++));
      switch (effect) {
        case Effect.Send send -> {
          if (send.key() == null || keys.add(send.key())) {
            drafted.add(events.issued(id, send, context));
            pending.add(id);
          }
        }
        case Effect.Schedule schedule -> schedule(schedule.timer(), id, due(schedule), context);
        case Effect.ScheduleAt schedule -> schedule(schedule.timer(), id, schedule.due(), context);
        case Effect.Cancel cancel -> {
          if (timers.remove(cancel.timer())) {
            drafted.add(events.cancelled(id, cancel.timer(), context));
          }
        }
        case Effect.Help help -> drafted.add(events.helpNeeded(id, help.reason(), context));
        case Effect.Complete complete -> {
          completing = true;
          ends = true;
          outcome = complete.outcome();
          reason = complete.reason();
        }
      }
    }
    if (ends) {
      String type = pending.isEmpty() ? ProcessEvents.COMPLETED : ProcessEvents.COMPLETING;
      UUID id = events.id(instance, "end", recorded.id().toString());
      drafted.add(events.end(type, id, outcome, reason, context));
    }
  }

  private void schedule(String timer, UUID id, Instant due, EventContext context) {
    timers.add(timer);
    drafted.add(events.scheduled(id, timer, due, context));
  }

  private Instant due(Effect.Schedule schedule) {
    Instant now = clock.instant();
    try {
      return now.plus(schedule.after());
    } catch (DateTimeException | ArithmeticException e) {
      return LATEST;
    }
  }

  List<NewEvent> events() {
    return drafted;
  }

  int effects() {
    return effects;
  }
}
