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
  record Parked(RecordedEvent stored) {}

  private final ProcessManager<S, E> process;
  private final ProcessEvents<E> events;

  private S state;
  private @Nullable RuntimeException broken;
  private long version;
  private @Nullable RecordedEvent last;
  private final Map<UUID, Pending> pending = new LinkedHashMap<>();
  private final Map<UUID, RecordedEvent> unreadable = new LinkedHashMap<>();
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
    switch (stored.type()) {
      case ProcessEvents.STARTED -> begin();
      case ProcessEvents.EVENT_TAKEN -> {
        UUID origin = UUID.fromString(ProcessEvents.fact(stored, ProcessEvents.ORIGIN_ID));
        if (!parked.isEmpty() && isOf(parked.peekFirst().stored(), stored)) {
          parked.removeFirst();
        }
        taken.add(origin);
        help = null;
        evolve(() -> happened(events.event(stored)));
      }
      case ProcessEvents.EVENT_PARKED -> {
        taken.add(UUID.fromString(ProcessEvents.fact(stored, ProcessEvents.ORIGIN_ID)));
        parked.add(new Parked(stored));
      }
      case ProcessEvents.COMMAND_ISSUED -> issue(stored);
      case ProcessEvents.COMMAND_ACCEPTED -> {
        help = null;
        Effect.Send send = decided(stored);
        if (send != null) {
          evolve(() -> new Input.CommandAccepted<>(send));
        }
      }
      case ProcessEvents.COMMAND_REFUSED -> {
        help = null;
        Effect.Send send = decided(stored);
        if (send != null) {
          evolve(() -> new Input.CommandRefused<>(send, ProcessEvents.refusal(stored)));
        }
      }
      case ProcessEvents.TIMER_SCHEDULED -> {
        String name = ProcessEvents.fact(stored, ProcessEvents.TIMER);
        timers.put(name, new Timer(name, ProcessEvents.due(stored), stored));
      }
      case ProcessEvents.TIMER_CANCELLED ->
          timers.remove(ProcessEvents.fact(stored, ProcessEvents.TIMER));
      case ProcessEvents.TIMER_FIRED -> {
        String name = ProcessEvents.fact(stored, ProcessEvents.TIMER);
        timers.remove(name);
        help = null;
        evolve(() -> new Input.TimerFired<>(name, ProcessEvents.due(stored)));
      }
      case ProcessEvents.RETRY_REQUESTED -> {
        help = null;
        evolve(Input.RetryRequested::new);
      }
      case ProcessEvents.HELP_NEEDED -> help = ProcessEvents.fact(stored, ProcessEvents.REASON);
      case ProcessEvents.COMPLETING, ProcessEvents.COMPLETED -> {
        completing = true;
        completed = stored.type().equals(ProcessEvents.COMPLETED);
        outcome = ProcessEvents.fact(stored, ProcessEvents.OUTCOME);
        reason = stored.metadata().getOrDefault(ProcessEvents.REASON, "");
        timers.clear();
        parked.clear();
      }
      default ->
          throw new IllegalStateException(
              stored + " is no event of a process; does something else use this stream?");
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

  private static boolean isOf(RecordedEvent parked, RecordedEvent taken) {
    return ProcessEvents.fact(parked, ProcessEvents.ORIGIN_ID)
            .equals(ProcessEvents.fact(taken, ProcessEvents.ORIGIN_ID))
        && part(parked).equals(part(taken));
  }

  private static String part(RecordedEvent stored) {
    return stored.metadata().getOrDefault(ProcessEvents.EVENT_PART, "0");
  }

  private void issue(RecordedEvent stored) {
    String key = stored.metadata().get(ProcessEvents.COMMAND_KEY);
    if (key != null) {
      keys.add(key);
    }
    try {
      pending.put(stored.id(), new Pending(stored.id(), events.command(stored), stored));
    } catch (RuntimeException e) {
      unreadable.put(stored.id(), stored);
      broken = broken == null ? e : broken;
    }
  }

  private Effect.@Nullable Send decided(RecordedEvent stored) {
    UUID commandId = ProcessEvents.commandId(stored);
    Pending decided = pending.remove(commandId);
    if (decided != null) {
      return decided.send();
    }
    if (unreadable.remove(commandId) == null) {
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
