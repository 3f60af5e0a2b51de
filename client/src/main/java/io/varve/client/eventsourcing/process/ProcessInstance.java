package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An instance of a process as its stream tells it.
 *
 * @param id its id
 * @param state what it knows
 * @param version its stream's version
 * @param completed whether it is over
 * @param outcome how it ended; empty: it has not
 * @param reason why it ended so; empty: nothing more to say
 * @param help what it needs help for; null: nothing
 * @param commands those without an outcome, in the order in which they are carried out
 * @param timers those that have not fired, with their times
 */
public record ProcessInstance<S>(
    String id,
    S state,
    long version,
    boolean completed,
    String outcome,
    String reason,
    @Nullable String help,
    List<Effect.Send> commands,
    Map<String, Instant> timers) {

  public ProcessInstance {
    requireNonNull(id);
    requireNonNull(state);
    requireNonNull(outcome);
    requireNonNull(reason);
    commands = List.copyOf(commands);
    timers = Map.copyOf(timers);
  }
}
