package io.varve.client.testkit;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One stream: its events, hidden or not, what is kept of them, and its snapshots. The event of
 * version {@code v} is element {@code v - 1}. Guarded by the lock of its {@link MemoryLog}.
 */
final class MemoryStream {

  /** So many snapshots are kept, the newest by version. */
  private static final int SNAPSHOTS_KEPT = 10;

  final String name;
  private final List<RecordedEvent> events = new ArrayList<>();
  private final NavigableMap<Long, Snapshot> snapshots = new TreeMap<>();
  private Retention retention = Retention.everything();
  private long truncateBefore;
  private StreamLife life = StreamLife.OPEN;

  /** The version at which it was last closed; 0: it never was. */
  private long deletedThrough;

  /** Never falls, so that what was hidden once stays hidden. */
  private long firstKept = 1;

  MemoryStream(String name) {
    this.name = name;
  }

  long version() {
    return events.size();
  }

  StreamLife life() {
    return life;
  }

  /** Adds the next event. A deleted stream is open again, from this event on. */
  void add(RecordedEvent event) {
    if (life == StreamLife.DELETED) {
      life = StreamLife.OPEN;
    }
    events.add(event);
  }

  /** The event of a version that is there, hidden or not. */
  RecordedEvent event(long version) {
    return events.get((int) version - 1);
  }

  /**
   * The version of the oldest event that is kept at this time; the version to come if none is.
   *
   * @param now the time against which ages are measured
   */
  long firstKept(Instant now) {
    if (life != StreamLife.OPEN) {
      return version() + 1;
    }
    firstKept = Math.max(firstKept, truncateBefore);
    if (retention.maxCount() > 0) {
      firstKept = Math.max(firstKept, version() - retention.maxCount() + 1);
    }
    Duration maxAge = retention.maxAge();
    if (maxAge != null) {
      Instant oldest = before(now, maxAge);
      while (firstKept <= version() && event(firstKept).recordedAt().isBefore(oldest)) {
        firstKept++;
      }
    }
    return firstKept;
  }

  private static Instant before(Instant now, Duration age) {
    return age.compareTo(Duration.between(Instant.MIN, now)) > 0 ? Instant.MIN : now.minus(age);
  }

  /** The events that are kept, oldest first. */
  List<RecordedEvent> kept(Instant now) {
    return List.copyOf(events.subList((int) firstKept(now) - 1, events.size()));
  }

  void setRetention(Retention newRetention, Instant now) {
    hideBefore(firstKept(now)); // what the old retention hides stays hidden
    retention = newRetention;
  }

  /** Hides for good; version 1 as the first means that nothing is. */
  private void hideBefore(long version) {
    if (version > 1) {
      truncateBefore = Math.max(truncateBefore, version);
    }
  }

  long truncateBefore() {
    return truncateBefore;
  }

  void truncate(long before) {
    hideBefore(before);
  }

  /** Hides everything; what is deleted never comes back. */
  void close(StreamLife closed) {
    life = closed;
    deletedThrough = version();
    hideBefore(version() + 1);
    snapshots.clear();
  }

  /** Whether it has had an event, or something was decided about it that holds. */
  boolean isKnown() {
    return version() > 0
        || life != StreamLife.OPEN
        || !retention.equals(Retention.everything())
        || truncateBefore > 0;
  }

  StreamInfo info(Instant now) {
    long first = firstKept(now);
    boolean hasEvents = !events.isEmpty();
    return new StreamInfo(
        name,
        version(),
        first,
        version() + 1 - first,
        hasEvents ? events.getFirst().recordedAt() : null,
        hasEvents ? events.getLast().recordedAt() : null,
        hasEvents ? events.getLast().position() : 0,
        retention,
        truncateBefore,
        life);
  }

  /** Keeps a snapshot of a version that is there. */
  void save(Snapshot snapshot) {
    snapshots.put(snapshot.version(), snapshot);
    while (snapshots.size() > SNAPSHOTS_KEPT) {
      snapshots.pollFirstEntry();
    }
  }

  /** The snapshots that make up the stream together with the kept events, newest first. */
  Collection<Snapshot> snapshots(Instant now) {
    return life == StreamLife.OPEN
        ? snapshots
            .tailMap(Math.max(firstKept(now) - 1, deletedThrough + 1), true)
            .descendingMap()
            .values()
        : List.of();
  }

  Optional<Snapshot> newestSnapshot(Instant now, long highestVersion) {
    return snapshots(now).stream()
        .filter(snapshot -> snapshot.version() <= highestVersion)
        .findFirst();
  }

  Optional<Snapshot> newestSnapshot(Instant now, Instant recordedUntil) {
    return snapshots(now).stream()
        .filter(snapshot -> !event(snapshot.version()).recordedAt().isAfter(recordedUntil))
        .findFirst();
  }

  /** Deletes the snapshots up to this version; returns how many of them counted. */
  long deleteSnapshots(Instant now, long upToVersion) {
    long counted =
        snapshots(now).stream().filter(snapshot -> snapshot.version() <= upToVersion).count();
    snapshots.headMap(upToVersion, true).clear();
    return counted;
  }
}
