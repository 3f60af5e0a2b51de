package io.varve.client.testkit;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The events of one read, all in memory. */
final class ListReader implements EventReader {

  private final long headPosition;
  private final Optional<Snapshot> snapshot;
  private final List<RecordedEvent> events;
  private boolean taken;
  private volatile boolean closed;

  ListReader(long headPosition, Optional<Snapshot> snapshot, List<RecordedEvent> events) {
    this.headPosition = headPosition;
    this.snapshot = snapshot;
    this.events = events;
  }

  @Override
  public long headPosition() {
    return headPosition;
  }

  @Override
  public Optional<Snapshot> snapshot() {
    return snapshot;
  }

  @Override
  public Iterator<RecordedEvent> iterator() {
    if (taken || closed) {
      throw new IllegalStateException(
          closed ? "the reader is closed" : "a reader gives its events only once");
    }
    taken = true;
    Iterator<RecordedEvent> all = events.iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        if (closed) {
          throw new IllegalStateException("the reader is closed");
        }
        return all.hasNext();
      }

      @Override
      public RecordedEvent next() {
        if (!hasNext()) {
          throw new NoSuchElementException("the read has no more events");
        }
        return all.next();
      }
    };
  }

  @Override
  public void close() {
    closed = true;
  }
}
