package io.varve.server.append;

import io.varve.server.event.RecordedEvent;
import io.varve.server.event.Tracking;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.history.LoggedEvent;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EncodedEvent;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * What outlives a server: its commits, each whole or not at all, as the synced write-ahead log
 * keeps them. All else, index, heads and the head itself, is made of them again when a server
 * starts.
 */
final class SimulatedDisk {
  private final List<Kept> commits = new ArrayList<>();
  private long head;

  private record Kept(List<AssignedEvent> events, Map<String, Long> progress) {}

  /** Makes a commit durable. */
  void keep(List<AssignedEvent> events, Map<String, Long> progress) {
    commits.add(new Kept(List.copyOf(events), Map.copyOf(progress)));
    head += events.size();
  }

  /** The last position that is durable. */
  long head() {
    return head;
  }

  /** A storage with everything that was kept, as after a start. */
  MemoryEventStorage open() {
    MemoryEventStorage storage = new MemoryEventStorage();
    for (Kept kept : commits) {
      Commit commit = storage.begin();
      kept.events().forEach(commit::add);
      kept.progress().forEach((source, position) -> commit.track(new Tracking(source, position)));
      commit.write();
    }
    return storage;
  }

  /** An event as a history knows it. */
  static LoggedEvent logged(EncodedEvent encoded) {
    RecordedEvent event = encoded.decode();
    return new LoggedEvent(
        event.id(),
        event.stream().value(),
        event.type(),
        new HashSet<>(event.tags()),
        event.version().value(),
        event.position().value());
  }
}
