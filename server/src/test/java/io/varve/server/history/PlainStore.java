package io.varve.server.history;

import io.varve.server.event.Tracking;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A store that does one thing after the other, as plainly as it can be said; now and then badly, if
 * that is what a test is about. Shares nothing with the check.
 */
final class PlainStore {
  private static final int ONE_IN = 2;

  private final List<LoggedEvent> log = new ArrayList<>();
  private final Map<String, Long> progress = new HashMap<>();
  private final Fault fault;
  private final Random random;

  /** Whether what is done now is done badly. */
  private boolean failing;

  /** The last position of the write before the last. */
  private long headBefore;

  /** What it does wrong, now and then. */
  enum Fault {
    NONE,
    /** A read of the log sees what was there before the last write. */
    STALE_LOG_READ,
    /** The same of the version of a stream. */
    STALE_VERSION,
    /** A head is told that no write has reached yet. */
    HEAD_FROM_THE_FUTURE,
    /** A head is told that lies within a write. */
    HEAD_WITHIN_A_WRITE,
    /** A query finds an event that the head has not reached. */
    VISIBLE_EARLY,
    /** A query misses the newest event. */
    MISSED_BY_A_QUERY,
    /** An expected version is compared with the one before. */
    LOST_UPDATE,
    /** An append that does not expect anything is refused. */
    REFUSED_FOR_NOTHING,
    /** A refusal names another version. */
    REFUSED_WITH_ANOTHER_VERSION,
    /** The last event that might break a condition is not looked at. */
    CONDITION_OVERLOOKED,
    /** A condition is broken by an event that does not match. */
    CONDITION_FAILED_FOR_NOTHING,
    /** A repeat is written again. */
    TWICE,
    /** A repeat is said to be the first. */
    TWICE_TOLD,
    /** A write is told, and is not there. */
    LOST,
    /** Only the first part of a transaction is written. */
    HALF,
    /** A version is left out. */
    VERSION_GAP,
    /** Progress falls. */
    PROGRESS_FALLS,
    /** An event is not found though it is there. */
    NOT_FOUND,
  }

  /**
   * @param random says when it does something badly
   */
  PlainStore(Fault fault, Random random) {
    this.fault = fault;
    this.random = random;
  }

  /** A copy. */
  PlainStore(PlainStore other) {
    this(other.fault, other.random);
    log.addAll(other.log);
    progress.putAll(other.progress);
    headBefore = other.headBefore;
  }

  List<LoggedEvent> log() {
    return List.copyOf(log);
  }

  private boolean is(Fault wanted) {
    return failing && fault == wanted;
  }

  /** Does it, and says what there is to say. */
  Answer apply(Call call) {
    failing = fault != Fault.NONE && random.nextInt(ONE_IN) == 0;
    return switch (call) {
      case Call.Write write -> write(write);
      case Call.ReadLog read -> read(read);
      case Call.ReadStream read -> read(read);
      case Call.VersionOf(String stream) -> {
        long version = version(stream, is(Fault.STALE_VERSION) ? headBefore : log.size());
        yield version == 0 ? new Answer.NotFound() : new Answer.Value(version);
      }
      case Call.EventAt(long position) ->
          position < 1 || position > log.size() || is(Fault.NOT_FOUND)
              ? new Answer.NotFound()
              : new Answer.Found(log.get((int) position - 1));
      case Call.EventWith(UUID id) -> {
        LoggedEvent event = with(id);
        yield event == null ? new Answer.NotFound() : new Answer.Found(event);
      }
      case Call.ProgressOf(String source) -> new Answer.Value(progress.getOrDefault(source, 0L));
      case Call.Delivery _ -> throw new IllegalArgumentException("nobody subscribes here");
    };
  }

  private @Nullable LoggedEvent with(UUID id) {
    return log.stream().filter(event -> event.id().equals(id)).findFirst().orElse(null);
  }

  private long version(String stream, long head) {
    return log.stream().limit(head).filter(event -> event.stream().equals(stream)).count();
  }

  // ---- reads

  private Answer read(Call.ReadLog read) {
    long head =
        switch (failing ? fault : Fault.NONE) {
          case STALE_LOG_READ -> headBefore;
          case HEAD_FROM_THE_FUTURE -> log.size() + 1L;
          case HEAD_WITHIN_A_WRITE -> Math.max(headBefore, log.size() - 1L);
          default -> log.size();
        };
    long told = is(Fault.VISIBLE_EARLY) ? headBefore : head;
    boolean queried = !read.selection().equals(Selection.EVERYTHING);
    long seen = is(Fault.MISSED_BY_A_QUERY) && queried ? headBefore : Math.min(head, log.size());
    long from = read.from() == 0 && read.backwards() ? seen : read.from();
    List<LoggedEvent> events =
        log.subList(0, (int) seen).stream()
            .filter(read.selection()::matches)
            .filter(event -> read.backwards() ? event.position() <= from : event.position() >= from)
            .toList();
    return new Answer.Events(told, limited(events, read.backwards(), read.limit()));
  }

  private Answer read(Call.ReadStream read) {
    List<LoggedEvent> stream =
        log.stream().filter(event -> event.stream().equals(read.stream())).toList();
    if (stream.isEmpty()) {
      return new Answer.NotFound();
    }
    long from = read.from() == 0 && read.backwards() ? Long.MAX_VALUE : read.from();
    List<LoggedEvent> events =
        stream.stream()
            .filter(event -> read.backwards() ? event.version() <= from : event.version() >= from)
            .toList();
    return new Answer.Events(log.size(), limited(events, read.backwards(), read.limit()));
  }

  private static List<LoggedEvent> limited(
      List<LoggedEvent> events, boolean backwards, long limit) {
    List<LoggedEvent> inOrder = backwards ? events.reversed() : events;
    return limit == 0 ? inOrder : inOrder.stream().limit(limit).toList();
  }

  // ---- writes

  private Answer write(Call.Write write) {
    List<UUID> ids = write.events().stream().map(Call.Placed::id).toList();
    if (ids.stream().anyMatch(id -> with(id) != null) && !is(Fault.TWICE)) {
      return earlier(write);
    }
    Answer refusal = refusal(write);
    if (refusal != null) {
      return refusal;
    }
    if (is(Fault.REFUSED_FOR_NOTHING) && !ids.isEmpty()) {
      String stream = write.parts().getFirst().stream();
      return new Answer.Conflict(stream, version(stream, log.size()));
    }
    return accept(write);
  }

  private @Nullable Answer refusal(Call.Write write) {
    for (Call.Part part : write.parts()) {
      long actual = version(part.stream(), is(Fault.LOST_UPDATE) ? headBefore : log.size());
      if (!part.expected().holdsAt(actual)) {
        return new Answer.Conflict(
            part.stream(), is(Fault.REFUSED_WITH_ANOTHER_VERSION) ? actual + 1 : actual);
      }
    }
    for (int i = 0; i < write.conditions().size(); i++) {
      Call.Condition condition = write.conditions().get(i);
      for (LoggedEvent event :
          log.subList(0, (int) (is(Fault.CONDITION_OVERLOOKED) ? headBefore : log.size()))) {
        if (event.position() > condition.after()
            && (condition.selection().matches(event) || is(Fault.CONDITION_FAILED_FOR_NOTHING))) {
          return new Answer.ConditionFailed(i, event.position());
        }
      }
    }
    Tracking tracking = write.tracking();
    long stored = tracking == null ? 0 : progress.getOrDefault(tracking.source(), 0L);
    return tracking == null || tracking.position() > stored || is(Fault.PROGRESS_FALLS)
        ? null
        : new Answer.NotRising(stored);
  }

  private Answer accept(Call.Write write) {
    List<Long> versions = new ArrayList<>();
    long before = log.size();
    long position = before;
    boolean half = false;
    for (Call.Part part : write.parts()) {
      long version = version(part.stream(), before) + (is(Fault.VERSION_GAP) ? 1 : 0);
      for (Call.Draft event : part.events()) {
        LoggedEvent recorded =
            new LoggedEvent(
                event.id(), part.stream(), event.type(), event.tags(), ++version, ++position);
        if (!is(Fault.LOST) && !half) {
          log.add(recorded);
        }
      }
      if (!part.events().isEmpty()) {
        versions.add(version);
        half = is(Fault.HALF);
      }
    }
    if (position == before) {
      return new Answer.Written(List.of(), 0, false);
    }
    headBefore = before;
    Tracking tracking = write.tracking();
    if (tracking != null) {
      progress.put(tracking.source(), tracking.position());
    }
    return new Answer.Written(versions, position, false);
  }

  /** The answer to a write some of whose events are there. */
  private Answer earlier(Call.Write write) {
    List<Long> versions = new ArrayList<>();
    LoggedEvent previous = null;
    for (Call.Part part : write.parts()) {
      for (Call.Draft draft : part.events()) {
        LoggedEvent event = with(draft.id());
        boolean follows =
            event != null
                && event.stream().equals(part.stream())
                && (previous == null
                    || (write.isAppend()
                        ? event.version() == previous.version() + 1
                        : event.position() == previous.position() + 1));
        if (!follows) {
          return new Answer.IdTaken(
              write.events().stream()
                  .map(Call.Placed::id)
                  .filter(id -> with(id) != null)
                  .findFirst()
                  .orElseThrow());
        }
        previous = event;
      }
      if (!part.events().isEmpty() && previous != null) {
        versions.add(previous.version());
      }
    }
    return new Answer.Written(
        versions, previous == null ? 0 : previous.position(), !is(Fault.TWICE_TOLD));
  }
}
