package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an instance of a process wants done, as data. It is recorded together with the input that it
 * follows from, and then done, however often the program is restarted in between.
 */
public sealed interface Effect {

  /**
   * A command is sent, again and again under the same command id, until it is accepted or refused.
   * The commands of one instance are carried out one after the other.
   *
   * @param target who carries it out
   * @param id which of the target's aggregates it is for
   * @param key null, or a name for this command among all of the instance's: a second one under the
   *     same key is not sent
   */
  record Send(String target, String id, Object command, @Nullable String key) implements Effect {
    public Send {
      requireNonNull(target);
      requireNonNull(id);
      requireNonNull(command);
    }

    /** This command under a name of its own, so that sending it again changes nothing. */
    public Send as(String key) {
      return new Send(target, id, command, requireNonNull(key));
    }

    @Override
    public String toString() {
      return "send " + command + " to " + target + " " + id + (key == null ? "" : " as " + key);
    }
  }

  /** A timer fires after this time, in place of one of the same name. */
  record Schedule(String timer, Duration after) implements Effect {
    public Schedule {
      requireNonNull(timer);
      requireNonNull(after);
    }

    @Override
    public String toString() {
      return "schedule " + timer + " in " + after;
    }
  }

  /** A timer fires at this time, in place of one of the same name; at once if it has passed. */
  record ScheduleAt(String timer, Instant due) implements Effect {
    public ScheduleAt {
      requireNonNull(timer);
      requireNonNull(due);
    }

    @Override
    public String toString() {
      return "schedule " + timer + " at " + due;
    }
  }

  /** A timer does not fire. None of this name: nothing happens. */
  record Cancel(String timer) implements Effect {
    public Cancel {
      requireNonNull(timer);
    }

    @Override
    public String toString() {
      return "cancel " + timer;
    }
  }

  /**
   * The instance shows among those that need help, until its next input. It goes on taking inputs;
   * {@link ProcessRunner#retry} gives it {@link Input.RetryRequested}.
   */
  record Help(String reason) implements Effect {
    public Help {
      requireNonNull(reason);
    }

    @Override
    public String toString() {
      return "ask for help: " + reason;
    }
  }

  /**
   * The instance is over: timers are forgotten, and it takes no more events. Commands that it has
   * sent are still carried out; it hears what has become of them, and is over after the last.
   *
   * @param outcome how it ended, such as {@code completed}; for people and read models
   * @param reason why; empty: no more to say
   */
  record Complete(String outcome, String reason) implements Effect {
    public Complete {
      requireNonNull(outcome);
      requireNonNull(reason);
    }

    @Override
    public String toString() {
      return "complete: " + outcome + (reason.isEmpty() ? "" : ", " + reason);
    }
  }

  /** Sends a command. */
  static <C> Send send(CommandTarget<C> target, String id, C command) {
    return new Send(target.name(), id, command, null);
  }

  /** Has a timer fire after this time. */
  static Schedule schedule(String timer, Duration after) {
    return new Schedule(timer, after);
  }

  /** Has a timer fire at this time. */
  static ScheduleAt schedule(String timer, Instant due) {
    return new ScheduleAt(timer, due);
  }

  /** Has a timer not fire. */
  static Cancel cancel(String timer) {
    return new Cancel(timer);
  }

  /** Asks people for help. */
  static Help help(String reason) {
    return new Help(reason);
  }

  /** Ends the instance, with the outcome {@code completed}. */
  static Complete complete() {
    return new Complete("completed", "");
  }

  /** Ends the instance. */
  static Complete complete(String outcome) {
    return new Complete(outcome, "");
  }

  /** Ends the instance, and says why. */
  static Complete complete(String outcome, String reason) {
    return new Complete(outcome, reason);
  }
}
