package io.varve.benchmarks;

import io.varve.client.streams.EventStore;
import io.varve.server.StartFailure;
import java.nio.file.Path;
import java.time.Duration;

/** A {@link CourseLog} in a store of its own. */
final class OpenLog implements AutoCloseable {
  private final LocalStore local;

  private OpenLog(LocalStore local) {
    this.local = local;
  }

  /**
   * Opens the log of this size, and writes it first unless an earlier run has.
   *
   * @param folder holds a folder for each size
   * @throws IllegalStateException an earlier run has left a part of it
   */
  static OpenLog open(Path folder, int events) throws StartFailure {
    CourseLog log = new CourseLog(events);
    Path data = folder.resolve("events-" + events);
    OpenLog opened = new OpenLog(LocalStore.open(data));
    try {
      opened.fill(log, data);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  private void fill(CourseLog log, Path data) {
    if (local.headPosition() >= log.count()) {
      return;
    }
    if (local.headPosition() > 0) {
      throw new IllegalStateException("only a part of the log is in " + data + "; remove it");
    }
    long begun = System.nanoTime();
    log.writeTo(store());
    System.err.printf(
        "wrote %,d events in %d s%n",
        log.count(), Duration.ofNanos(System.nanoTime() - begun).toSeconds());
  }

  /** The client. */
  EventStore store() {
    return local.store();
  }

  @Override
  public void close() {
    local.close();
  }
}
