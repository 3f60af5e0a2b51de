package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import io.varve.client.eventsourcing.Refusal;
import java.time.Instant;

/**
 * What an instance of a process takes in, one after the other, each recorded once.
 *
 * @param <E> the events that the process listens to
 */
public sealed interface Input<E> {

  /** An event that belongs to the instance. */
  record Happened<E>(E event, Origin origin) implements Input<E> {
    public Happened {
      requireNonNull(event);
      requireNonNull(origin);
    }
  }

  /** A command that the instance has sent was carried out. */
  record CommandAccepted<E>(Effect.Send sent) implements Input<E> {
    public CommandAccepted {
      requireNonNull(sent);
    }

    /** The command. */
    public Object command() {
      return sent.command();
    }
  }

  /**
   * A command that the instance has sent was refused by the domain, for good: it has had no effect,
   * and will have none.
   */
  record CommandRefused<E>(Effect.Send sent, Refusal refusal) implements Input<E> {
    public CommandRefused {
      requireNonNull(sent);
      requireNonNull(refusal);
    }

    /** The command. */
    public Object command() {
      return sent.command();
    }
  }

  /**
   * The time that the instance had set has come. It says nothing about commands that are still
   * under way.
   *
   * @param due when it should have fired; it fires later if no runner was there
   */
  record TimerFired<E>(String timer, Instant due) implements Input<E> {
    public TimerFired {
      requireNonNull(timer);
      requireNonNull(due);
    }
  }

  /** Somebody asks the instance to try again what it had asked help for. */
  record RetryRequested<E>() implements Input<E> {}
}
