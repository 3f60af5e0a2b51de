package io.varve.client.testkit;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.VersionConflictException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The log, its streams and its ids, behind one lock: an append is decided and becomes visible in
 * one step. Positions count from 1 without gaps, so the event at position {@code p} is element
 * {@code p - 1}.
 */
final class MemoryLog {

  /** Some events, and the log's newest position at the same moment. */
  record Snapshot(long headPosition, List<RecordedEvent> events) {}

  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private final List<RecordedEvent> log = new ArrayList<>();
  private final Map<String, List<RecordedEvent>> streams = new HashMap<>();
  private final Map<UUID, RecordedEvent> byId = new HashMap<>();
  private Instant lastRecordedAt = Instant.MIN;

  MemoryLog(Clock clock) {
    this.clock = clock;
  }

  /** Decides one append, whose request has been checked. */
  AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events) {
    lock.lock();
    try {
      for (NewEvent event : events) {
        RecordedEvent known = byId.get(event.id());
        if (known != null) {
          return original(stream, events, known);
        }
      }
      List<RecordedEvent> recorded = streams.getOrDefault(stream, List.of());
      requireExpected(stream, expected, recorded.size());
      return record(stream, events);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The result of the append that these events were part of, if they all were, as they stand here.
   */
  private AppendResult original(String stream, List<NewEvent> events, RecordedEvent firstKnown) {
    RecordedEvent first = byId.get(events.getFirst().id());
    for (int i = 0; i < events.size(); i++) {
      RecordedEvent known = byId.get(events.get(i).id());
      if (first == null
          || known == null
          || !known.stream().equals(stream)
          || known.version() != first.version() + i) {
        throw new EventIdTakenException(
            "event id "
                + firstKnown.id()
                + " is taken: it is in stream \""
                + firstKnown.stream()
                + "\" at position "
                + firstKnown.position()
                + ", but not as this append; nothing was written",
            firstKnown.id(),
            firstKnown.stream(),
            firstKnown.position(),
            null);
      }
    }
    return result(log.get((int) last(events).position() - 1), true);
  }

  private RecordedEvent last(List<NewEvent> events) {
    RecordedEvent last = byId.get(events.getLast().id());
    if (last == null) {
      throw new IllegalStateException("event " + events.getLast().id() + " was there a moment ago");
    }
    return last;
  }

  private static void requireExpected(String stream, ExpectedVersion expected, long actual) {
    boolean holds =
        switch (expected) {
          case ExpectedVersion.Any any -> true;
          case ExpectedVersion.NoStream noStream -> actual == 0;
          case ExpectedVersion.StreamExists streamExists -> actual > 0;
          case ExpectedVersion.Exactly exactly -> actual == exactly.version();
        };
    if (!holds) {
      throw new VersionConflictException(stream, expected, actual, null);
    }
  }

  private AppendResult record(String stream, List<NewEvent> events) {
    Instant now = clock.instant();
    lastRecordedAt = now.isAfter(lastRecordedAt) ? now : lastRecordedAt;
    List<RecordedEvent> recorded = streams.computeIfAbsent(stream, name -> new ArrayList<>());
    for (NewEvent event : events) {
      RecordedEvent next =
          new RecordedEvent(stream, recorded.size() + 1, log.size() + 1, lastRecordedAt, event);
      recorded.add(next);
      log.add(next);
      byId.put(next.id(), next);
    }
    changed.signalAll();
    return result(log.getLast(), false);
  }

  private static AppendResult result(RecordedEvent last, boolean deduplicated) {
    return new AppendResult(last.version(), last.position(), last.recordedAt(), deduplicated);
  }

  /**
   * One stream's events, oldest first; none if there is no such stream.
   *
   * @throws StoreUnavailableException the log did not reach the position in time
   */
  Snapshot stream(String name, long notBeforePosition, Duration patience) {
    lock.lock();
    try {
      awaitPosition(notBeforePosition, patience);
      return new Snapshot(log.size(), List.copyOf(streams.getOrDefault(name, List.of())));
    } finally {
      lock.unlock();
    }
  }

  /**
   * The whole log, oldest event first.
   *
   * @throws StoreUnavailableException the log did not reach the position in time
   */
  Snapshot all(long notBeforePosition, Duration patience) {
    lock.lock();
    try {
      awaitPosition(notBeforePosition, patience);
      return new Snapshot(log.size(), List.copyOf(log));
    } finally {
      lock.unlock();
    }
  }

  private void awaitPosition(long position, Duration patience) {
    long left = patience.toNanos();
    try {
      while (log.size() < position) {
        if (left <= 0) {
          throw new StoreUnavailableException(
              "the log did not reach position "
                  + position
                  + " within "
                  + patience
                  + "; it is at "
                  + log.size(),
              null);
        }
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(
          "interrupted before the log reached position " + position, e);
    }
  }

  Optional<RecordedEvent> find(UUID id) {
    lock.lock();
    try {
      return Optional.ofNullable(byId.get(id));
    } finally {
      lock.unlock();
    }
  }

  /** The event at this position, 1 or higher. */
  Optional<RecordedEvent> at(long position) {
    lock.lock();
    try {
      return at(log, position);
    } finally {
      lock.unlock();
    }
  }

  /** The event with this version of the stream, 1 or higher. */
  Optional<RecordedEvent> at(String stream, long version) {
    lock.lock();
    try {
      return at(streams.getOrDefault(stream, List.of()), version);
    } finally {
      lock.unlock();
    }
  }

  private static Optional<RecordedEvent> at(List<RecordedEvent> events, long place) {
    return place > events.size() ? Optional.empty() : Optional.of(events.get((int) place - 1));
  }

  long headPosition() {
    lock.lock();
    try {
      return log.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for events after a position, and takes the oldest of them.
   *
   * @return without events if there were none for this long, or the caller is to stop
   */
  Snapshot awaitAfter(long position, int atMost, Duration idle, BooleanSupplier stopping)
      throws InterruptedException {
    lock.lock();
    try {
      long left = idle.toNanos();
      while (log.size() <= position && left > 0 && !stopping.getAsBoolean()) {
        left = changed.awaitNanos(left);
      }
      int from = (int) Math.min(position, log.size());
      int to = (int) Math.min((long) from + atMost, log.size());
      return new Snapshot(log.size(), List.copyOf(log.subList(from, to)));
    } finally {
      lock.unlock();
    }
  }

  /** Makes those who wait look again whether they are to stop. */
  void wakeAll() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
