package io.varve.client.eventsourcing.projection;

import java.util.Optional;

/** One checkpoint in memory, beside the object that it is about. Any thread may call it. */
final class MemoryCheckpoints implements Checkpoints {

  // Under this object's monitor.
  private long position;
  private boolean held;

  @Override
  public synchronized Optional<Held> hold(String projection, int version) {
    if (held) {
      return Optional.empty();
    }
    held = true;
    return Optional.of(new InMemory());
  }

  @Override
  public synchronized long read(String projection, int version) {
    return position;
  }

  private final class InMemory implements Held {

    @Override
    public long load() {
      synchronized (MemoryCheckpoints.this) {
        return position;
      }
    }

    @Override
    public void save(long from, long to) {
      synchronized (MemoryCheckpoints.this) {
        position = to;
      }
    }

    @Override
    public void release() {
      synchronized (MemoryCheckpoints.this) {
        held = false;
      }
    }
  }
}
