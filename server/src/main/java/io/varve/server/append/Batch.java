package io.varve.server.append;

import io.varve.server.event.StreamId;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Appends that have been decided together: the accepted ones' events, everybody's answer, and what
 * later decisions must know of them until they are written. Built by the committer; once handed
 * over, only read.
 */
final class Batch {
  private final Commit commit;
  private final List<Answer> answers = new ArrayList<>();
  private final Map<StreamId, StreamHead> heads = new HashMap<>();
  private final Map<UUID, Accepted> ids = new HashMap<>();

  /** An answer that waits for the commit. */
  record Answer(Consumer<AppendOutcome> callback, AppendOutcome outcome, long bytes) {}

  /** An event of the batch, by its id. */
  record Accepted(StreamId stream, EventPlace place, Instant recordedAt) {}

  Batch(Commit commit) {
    this.commit = commit;
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

  boolean isEmpty() {
    return answers.isEmpty();
  }
}
