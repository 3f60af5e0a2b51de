package io.varve.client.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.Transaction.StreamPart;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The log, its streams, its ids and its trackings, behind one lock: a write is decided and becomes
 * visible in one step. Positions count from 1 without gaps, so the event at position {@code p} is
 * element {@code p - 1}.
 */
final class MemoryLog {

  /**
   * Some events, and the log's newest position at the same moment.
   *
   * @param snapshot what stands before the first event
   */
  record Excerpt(long headPosition, Optional<Snapshot> snapshot, List<RecordedEvent> events) {}

  /** The order in which names are listed: that of their UTF-8 bytes. */
  static final Comparator<String> BYTE_ORDER =
      (a, b) -> Arrays.compareUnsigned(a.getBytes(UTF_8), b.getBytes(UTF_8));

  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private final List<RecordedEvent> log = new ArrayList<>();
  private final NavigableMap<String, MemoryStream> streams = new TreeMap<>(BYTE_ORDER);
  private final Map<UUID, RecordedEvent> byId = new HashMap<>();
  private final Map<String, Long> trackings = new HashMap<>();
  private Instant lastRecordedAt = Instant.MIN;

  MemoryLog(Clock clock) {
    this.clock = clock;
  }

  /** Decides one append, whose request has been checked. */
  AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> events, @Nullable Tracking tracking) {
    return locked(
        () -> {
          for (NewEvent event : events) {
            RecordedEvent known = byId.get(event.id());
            if (known != null) {
              return original(stream, events, known);
            }
          }
          requireExpected(stream, expected);
          requireRising(tracking);
          RecordedEvent last = record(stream, events, nextTime());
          store(tracking);
          return result(last, false);
        });
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
        throw taken(firstKnown);
      }
    }
    return result(known(events.getLast()), true);
  }

  private static EventIdTakenException taken(RecordedEvent known) {
    return new EventIdTakenException(
        "event id "
            + known.id()
            + " is taken: it is in stream \""
            + known.stream()
            + "\" at position "
            + known.position()
            + ", but not as this write; nothing was written",
        known.id(),
        known.stream(),
        known.position(),
        null);
  }

  private RecordedEvent known(NewEvent event) {
    RecordedEvent known = byId.get(event.id());
    if (known == null) {
      throw new IllegalStateException("event " + event.id() + " was there a moment ago");
    }
    return known;
  }

  private static AppendResult result(RecordedEvent last, boolean deduplicated) {
    return new AppendResult(last.version(), last.position(), last.recordedAt(), deduplicated);
  }

  /** Decides one transaction, whose request has been checked. */
  TransactionResult transact(Transaction transaction) {
    return locked(
        () -> {
          Optional<RecordedEvent> known =
              transaction
                  .events()
                  .map(event -> byId.get(event.id()))
                  .filter(event -> event != null)
                  .findFirst();
          if (known.isPresent()) {
            return original(transaction, known.get());
          }
          for (StreamPart part : transaction.streams()) {
            requireExpected(part.stream(), part.expected());
          }
          requireConditions(transaction.conditions());
          requireRising(transaction.tracking());
          TransactionResult result = record(transaction);
          store(transaction.tracking());
          return result;
        });
  }

  /** The result of the transaction that these events were, if they were all of one. */
  private TransactionResult original(Transaction transaction, RecordedEvent firstKnown) {
    Map<String, Long> versions = new LinkedHashMap<>();
    RecordedEvent before = null;
    for (StreamPart part : transaction.streams()) {
      for (NewEvent event : part.events()) {
        RecordedEvent known = byId.get(event.id());
        if (known == null
            || !known.stream().equals(part.stream())
            || (before != null && known.position() != before.position() + 1)) {
          throw taken(firstKnown);
        }
        before = known;
        versions.put(part.stream(), known.version());
      }
    }
    RecordedEvent last = before == null ? firstKnown : before;
    return new TransactionResult(versions, last.position(), last.recordedAt(), true);
  }

  private TransactionResult record(Transaction transaction) {
    if (transaction.events().findAny().isEmpty()) {
      return new TransactionResult(Map.of(), 0, null, false);
    }
    Instant now = nextTime();
    Map<String, Long> versions = new LinkedHashMap<>();
    for (StreamPart part : transaction.streams()) {
      if (!part.events().isEmpty()) {
        versions.put(part.stream(), record(part.stream(), part.events(), now).version());
      }
    }
    return new TransactionResult(versions, log.size(), now, false);
  }

  /** First the stream's life, then its version. */
  private void requireExpected(String stream, ExpectedVersion expected) {
    MemoryStream found = streams.get(stream);
    StreamLife life = found == null ? StreamLife.OPEN : found.life();
    long actual = found == null ? 0 : found.version();
    if (life == StreamLife.TOMBSTONED) {
      throw tombstoned(stream);
    }
    if (life == StreamLife.DELETED && expected instanceof ExpectedVersion.StreamExists) {
      throw deleted(stream);
    }
    boolean isDeleted = life == StreamLife.DELETED;
    boolean holds =
        switch (expected) {
          case ExpectedVersion.Any any -> true;
          case ExpectedVersion.NoStream noStream -> actual == 0 || isDeleted;
          case ExpectedVersion.StreamExists streamExists -> actual > 0;
          case ExpectedVersion.Exactly exactly ->
              actual == exactly.version() || (isDeleted && exactly.version() == 0);
        };
    if (!holds) {
      throw new VersionConflictException(stream, expected, actual, null);
    }
  }

  private static StreamTombstonedException tombstoned(String stream) {
    return new StreamTombstonedException(
        "stream \"" + stream + "\" is closed for ever", stream, null);
  }

  private static StreamDeletedException deleted(String stream) {
    return new StreamDeletedException("stream \"" + stream + "\" is deleted", stream, null);
  }

  private void requireConditions(List<AppendCondition> conditions) {
    for (int i = 0; i < conditions.size(); i++) {
      AppendCondition condition = conditions.get(i);
      Predicate<RecordedEvent> matches = condition.query()::matches;
      Instant since = condition.since();
      int from = (int) Math.min(condition.afterPosition(), log.size());
      for (RecordedEvent event : log.subList(from, log.size())) {
        if ((since == null || !event.recordedAt().isBefore(since)) && matches.test(event)) {
          throw new ConditionFailedException(
              "condition "
                  + i
                  + " does not hold: the event at position "
                  + event.position()
                  + " matches; nothing was written",
              i,
              event.position(),
              null);
        }
      }
    }
  }

  private void requireRising(@Nullable Tracking tracking) {
    Long stored = tracking == null ? null : trackings.get(tracking.source());
    if (tracking != null && stored != null && tracking.position() <= stored) {
      throw new TrackingNotRisingException(
          "the position stored for source \""
              + tracking.source()
              + "\" is "
              + stored
              + ", and "
              + tracking.position()
              + " is not higher; nothing was written",
          tracking.source(),
          stored,
          null);
    }
  }

  private void store(@Nullable Tracking tracking) {
    if (tracking != null) {
      trackings.put(tracking.source(), tracking.position());
    }
  }

  private Instant nextTime() {
    Instant now = clock.instant();
    lastRecordedAt = now.isAfter(lastRecordedAt) ? now : lastRecordedAt;
    return lastRecordedAt;
  }

  /** Adds events to the log and to a stream; returns the last. */
  private RecordedEvent record(String name, List<NewEvent> events, Instant time) {
    MemoryStream stream = streams.computeIfAbsent(name, MemoryStream::new);
    for (NewEvent event : events) {
      RecordedEvent next =
          new RecordedEvent(name, stream.version() + 1, log.size() + 1, time, event);
      stream.add(next);
      log.add(next);
      byId.put(next.id(), next);
    }
    changed.signalAll();
    return log.getLast();
  }

  /**
   * Changes a stream's life or retention, and records that.
   *
   * @param change is given the stream and the time, and throws if it is not allowed
   * @param record makes the event that records it, from the stream's version
   * @return the position of that event
   */
  long change(
      String name,
      OptionalLong expectedVersion,
      MemoryStreams.Decision change,
      Function<Long, NewEvent> record) {
    return locked(
        () -> {
          MemoryStream known = streams.get(name);
          MemoryStream stream = known == null ? new MemoryStream(name) : known;
          if (stream.life() == StreamLife.TOMBSTONED) {
            throw tombstoned(name);
          }
          change.check(stream);
          long expected = expectedVersion.orElse(stream.version());
          if (expected != stream.version()) {
            throw new VersionConflictException(
                name, ExpectedVersion.exactly(expected), stream.version(), null);
          }
          NewEvent event = record.apply(stream.version());
          change.apply(stream, clock.instant());
          streams.put(name, stream);
          return record("$streams", List.of(event), nextTime()).position();
        });
  }

  /**
   * One stream's events that are kept, oldest first, after its newest snapshot if that is asked
   * for.
   *
   * @param fromVersion a forward read starts here; 0: at the first that is kept
   * @param asOf the time whose newest snapshot is wanted; null: the newest of all
   * @throws StoreUnavailableException the log did not reach the position in time
   */
  Excerpt stream(
      String name,
      long fromVersion,
      boolean fromSnapshot,
      @Nullable Instant asOf,
      long notBeforePosition,
      Duration patience) {
    return locked(
        () -> {
          awaitPosition(notBeforePosition, patience);
          MemoryStream stream = requireReadable(name);
          Instant now = clock.instant();
          requireKept(stream, fromVersion, now);
          List<RecordedEvent> kept = stream.kept(now);
          if (!fromSnapshot) {
            return new Excerpt(log.size(), Optional.empty(), kept);
          }
          Optional<Snapshot> snapshot =
              asOf == null
                  ? stream.newestSnapshot(now, Long.MAX_VALUE)
                  : stream.newestSnapshot(now, asOf);
          long after = snapshot.map(Snapshot::version).orElse(0L);
          return new Excerpt(
              log.size(),
              snapshot,
              kept.stream().filter(event -> event.version() > after).toList());
        });
  }

  private MemoryStream requireReadable(String name) {
    MemoryStream stream = streams.get(name);
    if (stream != null && stream.life() == StreamLife.TOMBSTONED) {
      throw tombstoned(name);
    }
    if (stream == null || stream.version() == 0 || stream.life() == StreamLife.DELETED) {
      String why = stream == null || stream.version() == 0 ? "\" has no event" : "\" is deleted";
      throw new StreamNotFoundException("stream \"" + name + why, name, null);
    }
    return stream;
  }

  private static void requireKept(MemoryStream stream, long version, Instant now) {
    long first = stream.firstKept(now);
    if (version > 0 && version < first) {
      throw new EventsNotKeptException(
          "version "
              + version
              + " of stream \""
              + stream.name
              + "\" is no longer kept; the first that is, is "
              + first,
          stream.name,
          first,
          null);
    }
  }

  /** Throws if the stream is closed for ever. */
  void requireNotTombstoned(String name) {
    locked(
        () -> {
          MemoryStream stream = streams.get(name);
          if (stream != null && stream.life() == StreamLife.TOMBSTONED) {
            throw tombstoned(name);
          }
          return name;
        });
  }

  /** Whether a read of the event's stream would give it now. */
  boolean isKept(RecordedEvent event) {
    return locked(
        () -> {
          MemoryStream stream = streams.get(event.stream());
          return stream != null && event.version() >= stream.firstKept(clock.instant());
        });
  }

  /**
   * The whole log, oldest event first.
   *
   * @throws StoreUnavailableException the log did not reach the position in time
   */
  Excerpt all(long notBeforePosition, Duration patience) {
    return locked(
        () -> {
          awaitPosition(notBeforePosition, patience);
          return new Excerpt(log.size(), Optional.empty(), List.copyOf(log));
        });
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
    return locked(() -> Optional.ofNullable(byId.get(id)));
  }

  /** The event at this position, 1 or higher. */
  Optional<RecordedEvent> at(long position) {
    return locked(
        () -> position > log.size() ? Optional.empty() : Optional.of(log.get((int) position - 1)));
  }

  /** The event with this version of the stream, 1 or higher. */
  Optional<RecordedEvent> at(String name, long version) {
    return locked(
        () -> {
          MemoryStream stream = streams.get(name);
          if (stream != null && stream.life() == StreamLife.TOMBSTONED) {
            throw tombstoned(name);
          }
          if (stream == null || stream.life() == StreamLife.DELETED || version > stream.version()) {
            return Optional.empty();
          }
          requireKept(stream, version, clock.instant());
          return Optional.of(stream.event(version));
        });
  }

  long headPosition() {
    return locked(() -> (long) log.size());
  }

  /** The position last stored for a source. */
  OptionalLong tracking(String source) {
    return locked(
        () -> {
          Long stored = trackings.get(source);
          return stored == null ? OptionalLong.empty() : OptionalLong.of(stored);
        });
  }

  /** What is known about a stream; empty: nothing. */
  Optional<StreamInfo> info(String name) {
    return locked(
        () ->
            Optional.ofNullable(streams.get(name))
                .filter(MemoryStream::isKnown)
                .map(stream -> stream.info(clock.instant())));
  }

  /** The streams that have or had an event, in byte order. */
  List<StreamInfo> infos(Predicate<String> named) {
    return locked(
        () -> {
          Instant now = clock.instant();
          return streams.values().stream()
              .filter(stream -> stream.version() > 0 && named.test(stream.name))
              .map(stream -> stream.info(now))
              .toList();
        });
  }

  /** How many events of the log have each of these names, in byte order. */
  NavigableMap<String, Long> count(Function<RecordedEvent, String> nameOf) {
    return locked(
        () -> {
          NavigableMap<String, Long> counts = new TreeMap<>(BYTE_ORDER);
          log.forEach(event -> counts.merge(nameOf.apply(event), 1L, Long::sum));
          return counts;
        });
  }

  /** Keeps a snapshot; the stream's version must have reached it. */
  void save(Snapshot snapshot) {
    locked(
        () -> {
          MemoryStream stream = requireReadable(snapshot.stream());
          if (snapshot.version() > stream.version()) {
            throw RequestRules.invalid(
                "snapshot.version",
                "must not be ahead of its stream, which is at version "
                    + stream.version()
                    + ", was "
                    + snapshot.version());
          }
          stream.save(snapshot);
          return snapshot;
        });
  }

  /**
   * Asks a stream about its snapshots.
   *
   * @param absent the answer of a stream that is not there
   */
  <T> T snapshots(String name, T absent, SnapshotQuestion<T> question) {
    return locked(
        () -> {
          MemoryStream stream = streams.get(name);
          return stream == null ? absent : question.ask(stream, clock.instant());
        });
  }

  /** What a stream is asked about its snapshots, and at which time. */
  interface SnapshotQuestion<T> {
    T ask(MemoryStream stream, Instant now);
  }

  /**
   * Waits for events after a position, and takes the oldest of them.
   *
   * @return without events if there were none for this long, or the caller is to stop
   */
  Excerpt awaitAfter(long position, int atMost, Duration idle, BooleanSupplier stopping)
      throws InterruptedException {
    lock.lock();
    try {
      long left = idle.toNanos();
      while (log.size() <= position && left > 0 && !stopping.getAsBoolean()) {
        left = changed.awaitNanos(left);
      }
      int from = (int) Math.min(position, log.size());
      int to = (int) Math.min((long) from + atMost, log.size());
      return new Excerpt(log.size(), Optional.empty(), List.copyOf(log.subList(from, to)));
    } finally {
      lock.unlock();
    }
  }

  /** What may be there now, or later. */
  interface Attempt<T> {
    @Nullable T run();
  }

  /**
   * Waits for something; looks for it under the lock whenever something has changed or some time
   * has passed.
   *
   * @param lookAgain how much time, asked each time
   * @return null: it was not there, and the caller is to stop
   */
  <T> @Nullable T await(Attempt<T> attempt, Supplier<Duration> lookAgain, BooleanSupplier stopping)
      throws InterruptedException {
    lock.lock();
    try {
      T found = attempt.run();
      while (found == null && !stopping.getAsBoolean()) {
        long unused = changed.awaitNanos(lookAgain.get().toNanos());
        found = attempt.run();
      }
      return found;
    } finally {
      lock.unlock();
    }
  }

  /** A stream's version, hidden events counted; 0: it has never had an event. */
  long version(String stream) {
    return locked(
        () -> {
          MemoryStream found = streams.get(stream);
          return found == null ? 0L : found.version();
        });
  }

  /** The events after a position. */
  List<RecordedEvent> after(long position) {
    return locked(() -> List.copyOf(log.subList((int) Math.min(position, log.size()), log.size())));
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

  /** Does something while nothing else happens. May be nested. */
  <T> T locked(Supplier<T> step) {
    lock.lock();
    try {
      return step.get();
    } finally {
      lock.unlock();
    }
  }
}
