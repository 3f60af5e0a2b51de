package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.conformance.EventStoreConformance;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.server.TestServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The store keeps its contract through the Java client, over gRPC, on RocksDB. After each test
 * streams, look-ups and log must say the same, as far as the streams are kept.
 */
class GrpcConformanceTest extends EventStoreConformance {
  @TempDir Path folder;
  private @Nullable TestServer server;

  @Override
  protected EventStore openStore() throws Exception {
    TestServer started = TestServer.start(folder);
    server = started;
    return started.client();
  }

  @Override
  protected void afterStore() throws Exception {
    if (server == null) {
      return;
    }
    try (TestServer checked = server;
        EventStore store = checked.client()) {
      List<RecordedEvent> log = read(store.readLog(ReadLog.all()));
      Map<String, List<RecordedEvent>> streams =
          log.stream().collect(Collectors.groupingBy(RecordedEvent::stream));

      assertThat(checked.headPosition()).isEqualTo(log.size());
      for (int i = 0; i < log.size(); i++) {
        assertThat(log.get(i).position()).isEqualTo(i + 1L);
      }
      Set<String> changed =
          streams.getOrDefault("$streams", List.of()).stream()
              .map(event -> event.tags().getFirst().substring("stream:".length()))
              .collect(Collectors.toSet());
      streams.forEach(
          (stream, events) -> {
            if (changed.contains(stream)) {
              List<RecordedEvent> kept = kept(store, stream);
              assertThat(kept)
                  .isEqualTo(events.subList(events.size() - kept.size(), events.size()));
            } else {
              assertThat(read(store.readStream(ReadStream.of(stream)))).isEqualTo(events);
            }
            for (int i = 0; i < events.size(); i++) {
              assertThat(events.get(i).version()).isEqualTo(i + 1L);
            }
          });
      for (RecordedEvent event : log.subList(Math.max(0, log.size() - 100), log.size())) {
        assertThat(store.getEvent(event.id())).contains(event);
      }
    }
  }

  /** What a stream still gives whose life or retention was changed; nothing if it is closed. */
  private static List<RecordedEvent> kept(EventStore store, String stream) {
    try {
      return read(store.readStream(ReadStream.of(stream)));
    } catch (StreamNotFoundException | StreamTombstonedException closed) {
      return List.of();
    }
  }

  private static List<RecordedEvent> read(EventReader reader) {
    try (reader) {
      return reader.toList();
    }
  }
}
