package io.varve.client.eventsourcing.aggregate;

import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamNotFoundException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Folds streams into states: the newest usable snapshot, and the events after it.
 *
 * <p>A state must not be folded from a part of its events without anybody noticing. Versions have
 * no gaps, so the first event must follow the snapshot, or be the first of all, or the first since
 * the stream was deleted; otherwise something is hidden that the state would need.
 */
final class AggregateLoader<S, E> {

  private static final String CHANGES = "$streams";
  private static final String DELETED = "$StreamDeleted";
  private static final Pattern VERSION = Pattern.compile("\"version\"\\s*:\\s*\"?(\\d+)");

  private final EventStore store;
  private final AggregateType<?, S, E> type;
  private final ToolkitObserver observer;
  private final InstantSource clock;

  AggregateLoader(
      EventStore store,
      AggregateType<?, S, E> type,
      ToolkitObserver observer,
      InstantSource clock) {
    this.store = store;
    this.type = type;
    this.observer = observer;
    this.clock = clock;
  }

  /** One stream on its way into a state. */
  private final class Fold {

    private final String stream;
    private final Instant startedAt = clock.instant();
    private S state = type.initial();
    private long version;
    private long snapshotVersion;
    private long eventsRead;
    private long position;

    Fold(String stream) {
      this.stream = stream;
    }

    /** Starts from a snapshot; returns whether it can be used. */
    boolean start(Snapshot snapshot) {
      Optional<S> usable = type.read(snapshot);
      usable.ifPresent(
          found -> {
            state = found;
            version = snapshot.version();
            snapshotVersion = snapshot.version();
          });
      return usable.isPresent();
    }

    /** Takes the events up to a version. */
    void take(EventReader reader, long highest) {
      position = reader.headPosition();
      for (RecordedEvent event : reader) {
        if (eventsRead == 0 && event.version() != version + 1) {
          requireWholeFrom(event.version(), highest);
        }
        if (event.version() > highest) {
          return;
        }
        for (TypedEvent<E> typed : type.types().decode(event)) {
          state = type.evolve(state, typed.event());
        }
        version = event.version();
        eventsRead++;
      }
    }

    private void requireWholeFrom(long first, long highest) {
      if (!type.startsAnywhere() && (first > highest || first != deletedThrough(stream) + 1)) {
        throw notKept(stream, first);
      }
    }

    /**
     * A stream that is there may have given nothing at all: its events are hidden, unless it was
     * not there yet at the time in question.
     */
    void requireNothingHidden(long highest, @Nullable Instant asOf) {
      if (version > 0 || eventsRead > 0) {
        return;
      }
      StreamInfo info = store.streams().get(stream).orElse(null);
      if (info == null || info.createdAt() == null) {
        return;
      }
      if (asOf != null && info.createdAt().isAfter(asOf)) {
        return;
      }
      if (!type.startsAnywhere()) {
        throw notKept(stream, info.firstKeptVersion());
      }
      if (asOf == null) {
        version = Math.min(highest, info.version());
      }
    }

    Loaded<S> done() {
      Duration took = Duration.between(startedAt, clock.instant());
      Duration positive = took.isNegative() ? Duration.ZERO : took;
      observer.tell(o -> o.loaded(type.category(), eventsRead, snapshotVersion > 0, positive));
      return new Loaded<>(stream, state, version, position, snapshotVersion, positive);
    }
  }

  /** The stream as it is now, or as it was at a time. */
  Loaded<S> load(String stream, @Nullable Instant asOf) {
    ReadStream whole = ReadStream.of(stream);
    if (asOf != null) {
      whole = whole.asOf(asOf);
    }
    if (type.hasSnapshots()) {
      Fold fold = new Fold(stream);
      if (read(whole.fromSnapshot(), fold, asOf)) {
        return fold.done();
      }
    }
    Fold fold = new Fold(stream);
    read(whole, fold, asOf);
    return fold.done();
  }

  /** Returns whether that was all; false: its snapshot cannot be used. */
  private boolean read(ReadStream request, Fold fold, @Nullable Instant asOf) {
    try (EventReader reader = store.readStream(request)) {
      Optional<Snapshot> snapshot = reader.snapshot();
      if (snapshot.isPresent() && !fold.start(snapshot.get())) {
        return false;
      }
      fold.take(reader, Long.MAX_VALUE);
    } catch (StreamNotFoundException e) {
      if (asOf != null) {
        requireNotDeletedSince(fold.stream, asOf);
      }
      return true; // as new
    }
    fold.requireNothingHidden(Long.MAX_VALUE, asOf);
    return true;
  }

  /** The stream as it was when it had come to this version. */
  Loaded<S> loadAt(String stream, long atVersion) {
    Fold fold = new Fold(stream);
    if (type.hasSnapshots()) {
      Optional<Snapshot> snapshot = store.snapshots().newestAt(stream, atVersion);
      if (snapshot.isPresent() && !fold.start(snapshot.get())) {
        fold = new Fold(stream);
      }
    }
    // No limit would be meant by 0: one event too many costs less than a case of its own.
    ReadStream rest = ReadStream.of(stream).limit(Math.max(1, atVersion - fold.version));
    if (fold.version > 0) {
      rest = rest.fromVersion(fold.version + 1);
    }
    try (EventReader reader = store.readStream(rest)) {
      fold.take(reader, atVersion);
    } catch (StreamNotFoundException e) {
      long deleted = deletedThrough(stream);
      if (atVersion <= deleted && !type.startsAnywhere()) {
        throw notKept(stream, deleted + 1);
      }
      return new Fold(stream).done();
    }
    fold.requireNothingHidden(atVersion, null);
    return fold.done();
  }

  /** A stream that is deleted now may have been there at the time; what it held is forgotten. */
  private void requireNotDeletedSince(String stream, Instant asOf) {
    Optional<RecordedEvent> deletion = newestDeletion(stream);
    if (deletion.isPresent()
        && deletion.get().recordedAt().isAfter(asOf)
        && !type.startsAnywhere()) {
      StreamInfo info = store.streams().get(stream).orElse(null);
      if (info == null || info.createdAt() == null || !info.createdAt().isAfter(asOf)) {
        throw notKept(stream, version(deletion.get()) + 1);
      }
    }
  }

  private EventsNotKeptException notKept(String stream, long first) {
    return new EventsNotKeptException(
        "stream \""
            + stream
            + "\" is kept from version "
            + first
            + " only, and no usable snapshot stands for what came before: its state cannot be told",
        stream,
        first,
        null);
  }

  /** The version at which the stream was last deleted; 0: it never was. */
  private long deletedThrough(String stream) {
    return newestDeletion(stream).map(AggregateLoader::version).orElse(0L);
  }

  private static long version(RecordedEvent deletion) {
    Matcher version = VERSION.matcher(deletion.dataAsString());
    return version.find() ? Long.parseLong(version.group(1)) : 0;
  }

  private Optional<RecordedEvent> newestDeletion(String stream) {
    Query deletions =
        Query.of(QueryItem.types(DELETED).withTags("stream:" + stream).withStreamPrefixes(CHANGES));
    try (EventReader reader = store.readLog(ReadLog.all().query(deletions).backwards().limit(1))) {
      return reader.stream().findFirst();
    }
  }
}
