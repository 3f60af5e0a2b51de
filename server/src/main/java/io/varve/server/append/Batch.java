package io.varve.server.append;

import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Commands that have been decided together: the accepted ones' events, everybody's answer, and what
 * later decisions must know of them until they are written. Built by the committer; once handed
 * over, only read.
 */
final class Batch {
  private final Commit commit;
  private final List<Answer> answers = new ArrayList<>();
  private final Map<StreamId, StreamHead> heads = new HashMap<>();
  private final Map<UUID, Accepted> ids = new HashMap<>();
  private final Map<String, Long> tracking = new HashMap<>();
  private final List<Instant> times = new ArrayList<>();
  private long firstPosition;

  /** Few batches have any. */
  private List<StreamChange> descriptions = List.of();

  /** An answer that waits for the commit. */
  record Answer(Consumer<Outcome> callback, Outcome outcome, long bytes) {}

  /** An event of the batch, by its id. */
  record Accepted(StreamId stream, EventPlace place, Instant recordedAt) {}

  Batch(Commit commit) {
    this.commit = commit;
  }

  /** Adds an accepted event. */
  void add(AssignedEvent event) {
    commit.add(event);
    if (times.isEmpty()) {
      firstPosition = event.position();
    }
    times.add(event.recordedAt());
    ids.put(
        event.id(),
        new Accepted(
            event.stream(),
            new EventPlace(event.position(), event.streamNumber(), event.version()),
            event.recordedAt()));
  }

  /** Adds a consumer's progress. */
  void track(Tracking progress) {
    commit.track(progress);
    tracking.put(progress.source(), progress.position());
  }

  /** Adds what is said of a stream. */
  void describe(StreamChange change) {
    if (descriptions.isEmpty()) {
      descriptions = new ArrayList<>();
    }
    descriptions.add(change);
  }

  /** What is said of streams in this batch. */
  List<StreamChange> descriptions() {
    return descriptions;
  }

  Commit commit() {
    return commit;
  }

  List<Answer> answers() {
    return answers;
  }

  /** Heads of the streams that this batch writes to, with its events in them. */
  Map<StreamId, StreamHead> heads() {
    return heads;
  }

  /** The batch's events by id. */
  Map<UUID, Accepted> ids() {
    return ids;
  }

  /** Consumers' progress by source. */
  Map<String, Long> tracking() {
    return tracking;
  }

  /** When the event at a position was recorded; null when it is not of this batch. */
  @Nullable Instant recordedAt(long position) {
    long index = position - firstPosition;
    return index < 0 || index >= times.size() ? null : times.get((int) index);
  }

  boolean isEmpty() {
    return answers.isEmpty();
  }
}
