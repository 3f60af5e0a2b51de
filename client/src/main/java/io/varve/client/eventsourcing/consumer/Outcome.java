package io.varve.client.eventsourcing.consumer;

import static java.util.Objects.requireNonNull;

/** What a handler says has become of an event, which decides what the group does with it. */
public sealed interface Outcome {

  /** It is done, and does not come again. */
  record Done() implements Outcome {}

  /**
   * It shall come again, to this consumer or another; after the group's bound of retries it is
   * parked.
   *
   * @param reason why, for people
   */
  record Retry(String reason) implements Outcome {
    public Retry {
      requireNonNull(reason);
    }
  }

  /**
   * It is put aside, for somebody to look at, and the group goes on.
   *
   * @param reason why, for people
   */
  record Park(String reason) implements Outcome {
    public Park {
      requireNonNull(reason);
    }
  }

  /**
   * The group goes on without it.
   *
   * @param reason why, for people
   */
  record Skip(String reason) implements Outcome {
    public Skip {
      requireNonNull(reason);
    }
  }

  /**
   * The whole group stops before it, all its consumers included, until somebody starts one again.
   *
   * @param reason why, for people
   */
  record Stop(String reason) implements Outcome {
    public Stop {
      requireNonNull(reason);
    }
  }

  /** It is done. */
  static Outcome done() {
    return new Done();
  }

  /** It shall come again. */
  static Outcome retry(String reason) {
    return new Retry(reason);
  }

  /** It is put aside. */
  static Outcome park(String reason) {
    return new Park(reason);
  }

  /** The group goes on without it. */
  static Outcome skip(String reason) {
    return new Skip(reason);
  }

  /** The whole group stops before it. */
  static Outcome stop(String reason) {
    return new Stop(reason);
  }
}
