package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.EventType;
import io.varve.client.eventsourcing.EventTypes;
import io.varve.client.eventsourcing.Refusal;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is recorded in the stream of a process's instance, for whoever wants to tell how processes
 * are doing: projections, live views, listeners, read caches. The package's page has the order in
 * which they come.
 *
 * <pre>{@code
 * SqlProjection.named("sagas", ProcessEvent.types())
 *     .within(Query.categories("transfer"))
 *     .on(CommandIssued.class, (sql, issued) -> begin(sql, issued.stream(), issued.event().key()))
 *     .on(Completed.class, (sql, completed) -> end(sql, completed.stream(), completed.event().outcome()))
 *     .build();
 * }</pre>
 *
 * <p>All processes of a store write the same events, so say which process is meant: its name is the
 * category of its streams. The instance's id is what the stream is called after the first {@code
 * -}. These events are read only; a {@link ProcessRunner} writes them.
 */
public sealed interface ProcessEvent {

  /**
   * For reading streams of processes; writing any of these is refused. Events of other types, such
   * as the list of open instances, are passed over.
   */
  static EventTypes<ProcessEvent> types() {
    return ProcessEventReader.TYPES;
  }

  /** The instance begins. What began it is the event that is taken, or parked, next. */
  @EventType(ProcessEvents.STARTED)
  record Started() implements ProcessEvent {}

  /**
   * An event was taken in.
   *
   * @param eventType what its type was where it was recorded
   * @param part 0, or its place among several that an upcaster made of one
   * @param origin where it was recorded
   */
  @EventType(ProcessEvents.EVENT_TAKEN)
  record EventTaken(String eventType, int part, Origin origin) implements ProcessEvent {
    public EventTaken {
      requireNonNull(eventType);
      requireNonNull(origin);
    }

    /**
     * The event as it stood where it was recorded, with its payload, for the application's own
     * {@link EventTypes#decode}; without metadata but the schema version, and without tags.
     *
     * @param stored what this was read from
     */
    public RecordedEvent original(RecordedEvent stored) {
      return ProcessEventReader.original(eventType, origin, stored);
    }
  }

  /**
   * The application could not take an event, which waits in the stream; so do those that come after
   * it. It comes again as {@link EventTaken}.
   *
   * @param eventType what its type was where it was recorded
   * @param part 0, or its place among several that an upcaster made of one
   * @param origin where it was recorded
   * @param error why it could not be taken
   */
  @EventType(ProcessEvents.EVENT_PARKED)
  record EventParked(String eventType, int part, Origin origin, String error)
      implements ProcessEvent {
    public EventParked {
      requireNonNull(eventType);
      requireNonNull(origin);
      requireNonNull(error);
    }

    /** As {@link EventTaken#original}. */
    public RecordedEvent original(RecordedEvent stored) {
      return ProcessEventReader.original(eventType, origin, stored);
    }
  }

  /**
   * A command is to be carried out.
   *
   * @param commandId what it is known by from now on
   * @param target who carries it out
   * @param targetId which of the target's aggregates it is for
   * @param commandType its name in the target's types
   * @param key what the process calls it, such as the step of a saga; null: nothing
   */
  @EventType(ProcessEvents.COMMAND_ISSUED)
  record CommandIssued(
      UUID commandId, String target, String targetId, String commandType, @Nullable String key)
      implements ProcessEvent {
    public CommandIssued {
      requireNonNull(commandId);
      requireNonNull(target);
      requireNonNull(targetId);
      requireNonNull(commandType);
    }

    /**
     * The command with its payload, for {@link EventTypes#decode} of {@link CommandTarget#types}.
     *
     * @param stored what this was read from
     */
    public RecordedEvent command(RecordedEvent stored) {
      return ProcessEventReader.command(commandType, stored);
    }
  }

  /** A command was carried out. */
  @EventType(ProcessEvents.COMMAND_ACCEPTED)
  record CommandAccepted(UUID commandId) implements ProcessEvent {
    public CommandAccepted {
      requireNonNull(commandId);
    }
  }

  /** A command was refused, for good. */
  @EventType(ProcessEvents.COMMAND_REFUSED)
  record CommandRefused(UUID commandId, Refusal refusal) implements ProcessEvent {
    public CommandRefused {
      requireNonNull(commandId);
      requireNonNull(refusal);
    }
  }

  /** A timer was set, in place of one of the same name. */
  @EventType(ProcessEvents.TIMER_SCHEDULED)
  record TimerScheduled(String timer, Instant due) implements ProcessEvent {
    public TimerScheduled {
      requireNonNull(timer);
      requireNonNull(due);
    }
  }

  /** A timer will not fire. */
  @EventType(ProcessEvents.TIMER_CANCELLED)
  record TimerCancelled(String timer) implements ProcessEvent {
    public TimerCancelled {
      requireNonNull(timer);
    }
  }

  /**
   * A timer has fired.
   *
   * @param due when it should have
   */
  @EventType(ProcessEvents.TIMER_FIRED)
  record TimerFired(String timer, Instant due) implements ProcessEvent {
    public TimerFired {
      requireNonNull(timer);
      requireNonNull(due);
    }
  }

  /** Somebody asked for another try; {@link ProcessRunner#retry}. */
  @EventType(ProcessEvents.RETRY_REQUESTED)
  record RetryRequested() implements ProcessEvent {}

  /** The instance needs help, until the next input: an event, an outcome, a timer or a retry. */
  @EventType(ProcessEvents.HELP_NEEDED)
  record HelpNeeded(String reason) implements ProcessEvent {
    public HelpNeeded {
      requireNonNull(reason);
    }
  }

  /**
   * The instance is over but for commands that are still under way.
   *
   * @param outcome how it ends
   * @param reason why; empty: no more to say
   */
  @EventType(ProcessEvents.COMPLETING)
  record Completing(String outcome, String reason) implements ProcessEvent {
    public Completing {
      requireNonNull(outcome);
      requireNonNull(reason);
    }
  }

  /**
   * The instance is over. Nothing follows.
   *
   * @param outcome how it ended
   * @param reason why; empty: no more to say
   */
  @EventType(ProcessEvents.COMPLETED)
  record Completed(String outcome, String reason) implements ProcessEvent {
    public Completed {
      requireNonNull(outcome);
      requireNonNull(reason);
    }
  }
}
