package io.varve.server.history;

import static java.util.Comparator.comparingInt;
import static java.util.Objects.requireNonNull;

import io.varve.server.event.Tracking;
import io.varve.server.history.Call.Placed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a history is linearizable: whether every operation can be given one moment
 * between its call and its answer so that a store which did one after the other in that order would
 * have said exactly this (Herlihy and Wing, <i>Linearizability: a correctness condition for
 * concurrent objects</i>, 1990). An operation whose outcome is unknown has a moment after its call,
 * or none.
 *
 * <p>In general one must search through all orders, which Wing and Gong's algorithm does, and for
 * which nothing fast is known (Gibbons and Korach, <i>Testing shared memories</i>, 1997). For a log
 * it is cheap, and this is why:
 *
 * <ol>
 *   <li>The log says in which order the writes took effect that did: by their positions. So there
 *       are only as many states as writes, and one order in which the store went through them.
 *       Everything that is not a write that took effect, a read, a refusal, a repeat, a mere check,
 *       changes no state.
 *   <li>A log only grows. So whatever can be seen of it (a head, a stream's version, that an event
 *       is there or not yet, that a condition has its first match or none yet, how far a consumer
 *       has come) is so from one state up to another, without a hole. What an answer says is such
 *       things together, so it is right in one run of states, from {@code lowest} to {@code
 *       highest}, or in none ({@link States}).
 *   <li>Let T(w) be the moment of write number w. An operation that is right from {@code lowest} to
 *       {@code highest} fits in exactly if write {@code lowest} has happened before its answer, and
 *       write {@code highest + 1} has not before its call: T(lowest) &le; answered, and T(highest +
 *       1) &ge; invoked. A write's own call and answer bound T(w) as well, and T rises with w.
 *   <li>These are bounds from below, bounds from above, and an order. So each T(w), in turn, is
 *       taken as early as it may be; if that breaks a bound from above, every choice does.
 * </ol>
 *
 * <p>That takes as long as sorting the operations. Real-time order needs no look of its own: an
 * operation that was answered before another was asked has its moment before the other's, since
 * each has it within its own time. That no event is visible before one at a lower position, and
 * that no write is seen in part, follows from what states there are.
 */
public final class LinearizabilityCheck {
  private final List<Operation> operations;
  private final List<LoggedEvent> log;
  private final List<String> violations = new ArrayList<>();

  /** The writes that took effect, in order. */
  private final List<Effect> effects = new ArrayList<>();

  /** A write that took effect, and who may have asked for it. */
  private record Effect(
      List<Placed> events, long first, List<Operation> attempts, @Nullable Tracking tracking) {
    long last() {
      return first + events.size() - 1;
    }
  }

  /**
   * What was found.
   *
   * @param violations what no store could have said; empty if the history is linearizable
   * @param writes how many writes took effect
   * @param unknown how many operations had no answer
   * @param unknownEffects how many writes took effect that nobody was told of
   */
  public record Verdict(
      List<String> violations,
      int operations,
      int writes,
      int refusals,
      int reads,
      int unknown,
      int unknownEffects) {
    public boolean linearizable() {
      return violations.isEmpty();
    }

    @Override
    public String toString() {
      return "%d operations: %d writes (%d of them without an answer), %d refusals, %d reads, %d outcomes unknown"
          .formatted(operations, writes, unknownEffects, refusals, reads, unknown);
    }
  }

  private LinearizabilityCheck(List<Operation> operations, List<LoggedEvent> log) {
    this.operations = operations;
    this.log = log;
  }

  /**
   * Checks a history.
   *
   * @param log all events that are there in the end, in the order in which they were read
   */
  public static Verdict of(List<Operation> operations, List<LoggedEvent> log) {
    return new LinearizabilityCheck(operations, log).verdict();
  }

  private Verdict verdict() {
    checkNumbers();
    if (violations.isEmpty()) {
      findEffects();
    }
    if (violations.isEmpty()) {
      checkMoments();
    }
    return new Verdict(
        violations,
        operations.size(),
        effects.size(),
        (int) operations.stream().filter(LinearizabilityCheck::isRefusal).count(),
        (int) operations.stream().filter(operation -> !isWrite(operation)).count(),
        (int) operations.stream().filter(Operation::isUnknown).count(),
        (int)
            effects.stream()
                .filter(effect -> effect.attempts().stream().allMatch(Operation::isUnknown))
                .count());
  }

  private static boolean isWrite(Operation operation) {
    return operation.call() instanceof Call.Write;
  }

  private static boolean isRefusal(Operation operation) {
    return switch (operation.answer()) {
      case Answer.Conflict _, Answer.ConditionFailed _, Answer.NotRising _, Answer.IdTaken _ ->
          true;
      default -> false;
    };
  }

  // ---- the order of the writes

  /** Positions and versions are 1, 2, 3 …, and no event is there twice. */
  private void checkNumbers() {
    Map<String, Long> versions = new HashMap<>();
    Set<UUID> ids = new HashSet<>();
    for (int i = 0; i < log.size(); i++) {
      LoggedEvent event = log.get(i);
      if (event.position() != i + 1L) {
        violations.add("at place " + (i + 1) + " of the log stands " + event);
        return;
      }
      long version = versions.merge(event.stream(), 1L, Long::sum);
      if (event.version() != version) {
        violations.add("version " + version + " was due, and there stands " + event);
      }
      if (!ids.add(event.id())) {
        violations.add("an event took effect twice: " + event);
      }
    }
  }

  /**
   * Divides the log into the writes that it is made of. Of those that begin with the same event and
   * stand there it takes the longest: nobody may ask to write a part of another's write, or the
   * same events with other progress, or a sound history might be refused.
   */
  private void findEffects() {
    Map<UUID, Map<List<Placed>, List<Operation>>> byFirstEvent = new HashMap<>();
    for (Operation operation : operations) {
      if (operation.call() instanceof Call.Write write && mayHaveWritten(operation)) {
        List<Placed> events = write.events();
        if (!events.isEmpty()) {
          byFirstEvent
              .computeIfAbsent(events.getFirst().id(), _ -> new HashMap<>())
              .computeIfAbsent(events, _ -> new ArrayList<>())
              .add(operation);
        }
      }
    }
    for (long position = 1; position <= log.size(); ) {
      LoggedEvent event = log.get((int) position - 1);
      long first = position;
      List<Placed> events =
          byFirstEvent.getOrDefault(event.id(), Map.of()).keySet().stream()
              .filter(candidate -> standsAt(candidate, first))
              .max(comparingInt(List::size))
              .orElse(null);
      if (events == null) {
        violations.add(
            "nobody can have written what begins with " + event + ", as it stands there");
        return;
      }
      List<Operation> attempts =
          requireNonNull(requireNonNull(byFirstEvent.get(event.id())).get(events));
      List<Operation> told = attempts.stream().filter(attempt -> !attempt.isUnknown()).toList();
      if (told.size() > 1) {
        violations.add("each was told that it had written the same: " + told);
        return;
      }
      Call.Write write = (Call.Write) attempts.getFirst().call();
      effects.add(new Effect(events, position, told.isEmpty() ? attempts : told, write.tracking()));
      position += events.size();
    }
    Set<Operation> effective = new HashSet<>();
    effects.forEach(effect -> effective.addAll(effect.attempts()));
    for (Operation operation : operations) {
      if (operation.answer() instanceof Answer.Written written
          && !written.deduplicated()
          && written.position() != 0
          && !effective.contains(operation)) {
        violations.add("told that it had written, and the log does not have it so: " + operation);
      }
    }
  }

  private static boolean mayHaveWritten(Operation operation) {
    return operation.isUnknown()
        || (operation.answer() instanceof Answer.Written written && !written.deduplicated());
  }

  private boolean standsAt(List<Placed> events, long position) {
    if (position + events.size() - 1 > log.size()) {
      return false;
    }
    for (int i = 0; i < events.size(); i++) {
      LoggedEvent event = log.get((int) position - 1 + i);
      if (!event.id().equals(events.get(i).id())
          || !event.stream().equals(events.get(i).stream())) {
        return false;
      }
    }
    return true;
  }

  // ---- the moments of the writes

  private void checkMoments() {
    List<@Nullable Tracking> trackings = new ArrayList<>();
    effects.forEach(effect -> trackings.add(effect.tracking()));
    Contract contract =
        new Contract(new States(log, effects.stream().map(Effect::last).toList(), trackings));

    // By the write that must not have happened when they were asked, and by the one that must have
    // happened when they were answered.
    Map<Integer, Operation> lastAskedBefore = new HashMap<>();
    Map<Integer, Operation> firstAnsweredAfter = new HashMap<>();
    for (Operation operation : operations) {
      if (operation.isUnknown() || operation.answer() instanceof Answer.NotDecided) {
        continue;
      }
      Span span = contract.whenRight(operation.call(), operation.answer());
      if (span.isEmpty()) {
        violations.add("in no state of the log would that be right: " + operation);
        continue;
      }
      lastAskedBefore.merge(
          span.highest() + 1, operation, (a, b) -> a.invoked() >= b.invoked() ? a : b);
      firstAnsweredAfter.merge(
          span.lowest(), operation, (a, b) -> a.answered() <= b.answered() ? a : b);
    }
    if (!violations.isEmpty()) {
      return;
    }
    long earliest = Long.MIN_VALUE;
    String because = "at any time";
    for (int write = 1; write <= effects.size(); write++) {
      Effect effect = effects.get(write - 1);
      Operation before = lastAskedBefore.get(write);
      if (before != null && before.invoked() > earliest) {
        earliest = before.invoked();
        because = "not before this was asked, which does not know of it: " + before;
      }
      int stateBefore = write - 1;
      List<Operation> acceptable =
          effect.attempts().stream()
              .filter(
                  attempt ->
                      contract.whenAccepted((Call.Write) attempt.call()).contains(stateBefore))
              .toList();
      if (acceptable.isEmpty()) {
        violations.add(
            "the write at %d to %d was to be refused, by what stands before it: %s"
                .formatted(effect.first(), effect.last(), effect.attempts()));
        return;
      }
      long moment = Long.MAX_VALUE;
      Operation by = null;
      for (Operation attempt : acceptable) {
        long own = Math.max(earliest, attempt.invoked());
        if (own <= attempt.answered() && own < moment) {
          moment = own;
          by = attempt;
        }
      }
      if (by == null) {
        violations.add(
            "the write at %d to %d has no moment. It took effect %s; and it was asked for so: %s"
                .formatted(effect.first(), effect.last(), because, effect.attempts()));
        return;
      }
      if (moment > earliest) {
        earliest = moment;
        because = "after write " + write + ", not asked for before: " + by;
      }
      Operation after = firstAnsweredAfter.get(write);
      if (after != null && after.answered() < moment) {
        violations.add(
            "the write at %d to %d has no moment. It took effect %s; and this was answered before, and knows of it: %s"
                .formatted(effect.first(), effect.last(), because, after));
        return;
      }
    }
  }
}
