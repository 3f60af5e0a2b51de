package io.varve.client.eventsourcing.process;

import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An instance as its stream tells it, up to a version. Everything that a runner knows of an
 * instance comes from here, so that one that starts anew knows the same. Owned by whoever holds the
 * instance's lock.
 *
 * <p>The application's part may fail, because its code has changed or is wrong; the rest is still
 * told then, and {@link #state} throws.
 */
final class Fold<S, E> {

  /** A command without an outcome. */
  record Pending(UUID commandId, Effect.Send send, RecordedEvent issued) {}

  /** A timer that has not fired. */
  record Timer(String name, Instant due, RecordedEvent scheduled) {}

  /** An event that was taken in, but not by the application. */
  record Parked(ProcessEvent.EventParked event, RecordedEvent stored) {

    boolean isOf(ProcessEvent.EventTaken taken) {
      return event.origin().eventId().equals(taken.origin().eventId())
          && event.part() == taken.part();
    }
  }

  private final ProcessManager<S, E> process;
  private final ProcessEvents<E> events;

  private S state;
  private @Nullable RuntimeException broken;
  private long version;
  private @Nullable RecordedEvent last;
  private final Map<UUID, Pending> pending = new LinkedHashMap<>();
  private final Set<UUID> unreadable = new HashSet<>(); // commands without an outcome, too
  private final Map<String, Timer> timers = new LinkedHashMap<>();
  private final Deque<Parked> parked = new ArrayDeque<>();
  private final Set<String> keys = new HashSet<>();
  private final Set<UUID> taken = new HashSet<>();
  private boolean completing;
  private boolean completed;
  private String outcome = "";
  private String reason = "";
  private @Nullable String help;

  Fold(ProcessManager<S, E> process, ProcessEvents<E> events) {
    this.process = process;
    this.events = events;
    this.state = process.initial();
  }

  void apply(RecordedEvent stored) {
    switch (ProcessEventReader.read(stored)) {
      case ProcessEvent.Started _started -> begin();
      case ProcessEvent.EventTaken event -> {
        Parked first = parked.peekFirst();
        if (first != null && first.isOf(event)) {
          parked.removeFirst();
        }
        taken.add(event.origin().eventId());
        help = null;
        evolve(() -> happened(events.event(event.original(stored), event.part())));
      }
      case ProcessEvent.EventParked event -> {
        taken.add(event.origin().eventId());
        parked.add(new Parked(event, stored));
      }
      case ProcessEvent.CommandIssued command -> issue(command, stored);
      case ProcessEvent.CommandAccepted accepted -> {
        help = null;
        Effect.Send send = decided(accepted.commandId(), stored);
        if (send != null) {
          evolve(() -> new Input.CommandAccepted<>(send));
        }
      }
      case ProcessEvent.CommandRefused refused -> {
        help = null;
        Effect.Send send = decided(refused.commandId(), stored);
        if (send != null) {
          evolve(() -> new Input.CommandRefused<>(send, refused.refusal()));
        }
      }
      case ProcessEvent.TimerScheduled(String name, Instant due) ->
          timers.put(name, new Timer(name, due, stored));
      case ProcessEvent.TimerCancelled(String name) -> timers.remove(name);
      case ProcessEvent.TimerFired(String name, Instant due) -> {
        timers.remove(name);
        help = null;
        evolve(() -> new Input.TimerFired<>(name, due));
      }
      case ProcessEvent.RetryRequested _retry -> {
        help = null;
        evolve(Input.RetryRequested::new);
      }
      case ProcessEvent.HelpNeeded needed -> help = needed.reason();
      case ProcessEvent.Completing(String how, String why) -> end(how, why);
      case ProcessEvent.Completed(String how, String why) -> {
        end(how, why);
        completed = true;
      }
    }
    version = stored.version();
    last = stored;
  }

  /** A stream that was deleted and begins again has forgotten what it was. */
  private void begin() {
    state = process.initial();
    broken = null;
    pending.clear();
    unreadable.clear();
    timers.clear();
    parked.clear();
    keys.clear();
    completing = false;
    completed = false;
    outcome = "";
    reason = "";
    help = null;
  }

  private void end(String how, String why) {
    completing = true;
    outcome = how;
    reason = why;
    timers.clear();
    parked.clear();
  }

  private void issue(ProcessEvent.CommandIssued command, RecordedEvent stored) {
    if (command.key() != null) {
      keys.add(command.key());
    }
    UUID id = command.commandId();
    try {
      pending.put(id, new Pending(id, events.command(command, stored), stored));
    } catch (RuntimeException e) {
      unreadable.add(id);
      broken = broken == null ? e : broken;
    }
  }

  private Effect.@Nullable Send decided(UUID commandId, RecordedEvent stored) {
    Pending decided = pending.remove(commandId);
    if (decided != null) {
      return decided.send();
    }
    if (!unreadable.remove(commandId)) {
      throw new IllegalStateException(stored + " is about a command that nobody has sent");
    }
    return null;
  }

  private interface InputReader<E> {
    Input<E> read();
  }

  private void evolve(InputReader<E> input) {
    if (broken != null) {
      return;
    }
    try {
      state = process.evolve(state, input.read());
    } catch (RuntimeException e) {
      broken = e;
    }
  }

  static <E> Input<E> happened(TypedEvent<E> event) {
    return new Input.Happened<>(event.event(), Origin.of(event.recorded()));
  }

  /** 0: the stream does not exist. */
  long version() {
    return version;
  }

  Optional<RecordedEvent> last() {
    return Optional.ofNullable(last);
  }

  /**
   * What the instance knows.
   *
   * @throws RuntimeException the application's own code, or its codecs, could not take its inputs
   */
  S state() {
    if (broken != null) {
      throw broken;
    }
    return state;
  }

  /**
   * What there is to tell of the instance.
   *
   * @throws RuntimeException as {@link #state}
   */
  ProcessInstance<S> told(String id) {
    return new ProcessInstance<>(
        id,
        state(),
        version,
        completed,
        outcome,
        reason,
        help,
        pending.values().stream().map(Pending::send).toList(),
        timers.values().stream().collect(Collectors.toMap(Timer::name, Timer::due)));
  }

  Map<UUID, Pending> pending() {
    return pending;
  }

  Map<String, Timer> timers() {
    return timers;
  }

  Deque<Parked> parked() {
    return parked;
  }

  Set<String> keys() {
    return keys;
  }

  /** Whether this event is in the stream already. */
  boolean hasTaken(UUID originId) {
    return taken.contains(originId);
  }

  boolean isBroken() {
    return broken != null;
  }

  /** It takes nothing but the outcomes of the commands that are under way. */
  boolean isCompleting() {
    return completing;
  }

  boolean isCompleted() {
    return completed;
  }

  String outcome() {
    return outcome;
  }

  String reason() {
    return reason;
  }

  @Nullable String help() {
    return help;
  }

  Optional<Instant> nextDue() {
    return timers.values().stream().map(Timer::due).min(Instant::compareTo);
  }
}
