package io.varve.client.eventsourcing.aggregate;

import io.varve.client.eventsourcing.ToolkitObserver;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.Snapshot;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes snapshots beside the path of commands: at most one at a time for each stream, and whatever
 * goes wrong is told and forgotten. A snapshot that is passed over because one is being written is
 * no loss: the next command is asked again.
 *
 * <p>A state that changes in place is written down before its caller gets it back, on the caller's
 * own thread; a state that never changes can wait.
 */
final class SnapshotWriter<S> {

  private static final Logger log = LoggerFactory.getLogger(SnapshotWriter.class);

  private final EventStore store;
  private final AggregateType<?, S, ?> type;
  private final ToolkitObserver observer;
  private final Executor executor;
  private final Set<String> beingWritten = ConcurrentHashMap.newKeySet();

  SnapshotWriter(
      EventStore store, AggregateType<?, S, ?> type, ToolkitObserver observer, Executor executor) {
    this.store = store;
    this.type = type;
    this.observer = observer;
    this.executor = executor;
  }

  /**
   * Takes a snapshot if it is time. Never throws.
   *
   * @param before what was loaded
   * @param version the version of the state's last event
   */
  void offer(Loaded<S> before, S state, long version) {
    if (!type.hasSnapshots()) {
      return;
    }
    String stream = before.stream();
    try {
      boolean due =
          type.isSnapshotDue(
              new SnapshotPolicy.Moment<>(
                  state, version, version - before.snapshotVersion(), before.took()));
      if (due && beingWritten.add(stream)) {
        start(stream, version, state);
      }
    } catch (RuntimeException e) {
      failed(stream, version, e);
    }
  }

  private void start(String stream, long version, S state) {
    boolean handedOver = false;
    try {
      Supplier<Snapshot> snapshot;
      if (type.isMutable()) {
        Snapshot written = type.write(stream, version, state);
        snapshot = () -> written;
      } else {
        snapshot = () -> type.write(stream, version, state);
      }
      executor.execute(() -> save(stream, version, snapshot));
      handedOver = true;
    } finally {
      if (!handedOver) {
        beingWritten.remove(stream);
      }
    }
  }

  private void save(String stream, long version, Supplier<Snapshot> snapshot) {
    try {
      store.snapshots().save(snapshot.get());
      observer.tell(o -> o.snapshotSaved(type.category(), stream, version));
    } catch (RuntimeException e) {
      failed(stream, version, e);
    } finally {
      beingWritten.remove(stream);
    }
  }

  private void failed(String stream, long version, RuntimeException failure) {
    log.warn("no snapshot of stream \"{}\" at version {}", stream, version, failure);
    observer.tell(o -> o.snapshotFailed(type.category(), stream, failure));
  }
}
