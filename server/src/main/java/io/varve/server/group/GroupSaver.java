package io.varve.server.group;

import io.varve.server.storage.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes groups' changes, in the order in which they come; all that wait share one synced write.
 * Each group has one change under way at a time, which is what bounds the queue. Thread-safe.
 */
final class GroupSaver {
  /** Changes in one write. */
  private static final int MAX_BATCH = 256;

  private final GroupStore store;
  private final Head head;
  private final Executor executor;
  private final Queue<Save> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();

  /** A change, and who hears what became of it. */
  private record Save(GroupChange change, Consumer<@Nullable RuntimeException> done) {}

  /**
   * @param executor runs the writes
   */
  GroupSaver(GroupStore store, Head head, Executor executor) {
    this.store = store;
    this.head = head;
    this.executor = executor;
  }

  /**
   * Has a change written.
   *
   * @param done is told null once it is durable, or why it may not be; must be short
   */
  void save(GroupChange change, Consumer<@Nullable RuntimeException> done) {
    queue.add(new Save(change, done));
    if (waiting.getAndIncrement() == 0) {
      submit();
    }
  }

  private void submit() {
    try {
      executor.execute(this::run);
    } catch (RejectedExecutionException e) {
      tellAll(e);
    }
  }

  private void tellAll(RuntimeException failure) {
    for (Save save = queue.poll(); save != null; save = queue.poll()) {
      waiting.decrementAndGet();
      save.done().accept(failure);
    }
  }

  private void run() {
    List<Save> batch = new ArrayList<>();
    for (Save save = queue.poll(); save != null; save = queue.poll()) {
      batch.add(save);
      if (batch.size() == MAX_BATCH) {
        break;
      }
    }
    RuntimeException failure = write(batch);
    for (Save save : batch) {
      save.done().accept(failure);
    }
    if (waiting.addAndGet(-batch.size()) > 0) {
      submit();
    }
  }

  private @Nullable RuntimeException write(List<Save> batch) {
    try {
      store.write(batch.stream().map(Save::change).toList(), head.position());
      return null;
    } catch (RuntimeException e) {
      return e;
    }
  }
}
