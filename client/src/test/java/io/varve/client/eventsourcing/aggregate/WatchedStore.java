package io.varve.client.eventsourcing.aggregate;

import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A store that writes down which of its methods are called, and how many events are read. */
final class WatchedStore {

  private final EventStore store;
  private final EventStore watched;
  final List<String> calls = new CopyOnWriteArrayList<>();
  final AtomicLong eventsRead = new AtomicLong();

  /** Called with the method's name before each call. */
  volatile Consumer<String> before = _ -> {};

  WatchedStore(EventStore store) {
    this.store = store;
    this.watched =
        (EventStore)
            Proxy.newProxyInstance(
                EventStore.class.getClassLoader(),
                new Class<?>[] {EventStore.class},
                (_, method, arguments) -> {
                  calls.add(method.getName());
                  before.accept(method.getName());
                  try {
                    Object result = method.invoke(store, arguments);
                    return result instanceof EventReader reader ? new Counted(reader) : result;
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
  }

  EventStore asStore() {
    return watched;
  }

  void forget() {
    calls.clear();
    eventsRead.set(0);
  }

  /** A read of the whole stream, unseen. */
  List<RecordedEvent> events(String stream) {
    try (EventReader reader = store.readStream(ReadStream.of(stream))) {
      return reader.toList();
    }
  }

  private final class Counted implements EventReader {

    private final EventReader reader;

    Counted(EventReader reader) {
      this.reader = reader;
    }

    @Override
    public long headPosition() {
      return reader.headPosition();
    }

    @Override
    public Optional<Snapshot> snapshot() {
      return reader.snapshot();
    }

    @Override
    public Iterator<RecordedEvent> iterator() {
      Iterator<RecordedEvent> events = reader.iterator();
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return events.hasNext();
        }

        @Override
        public RecordedEvent next() {
          eventsRead.incrementAndGet();
          return events.next();
        }
      };
    }

    @Override
    public void close() {
      reader.close();
    }
  }
}
