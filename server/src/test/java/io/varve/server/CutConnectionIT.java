package io.varve.server;

import static io.varve.server.ServerProcess.PATIENCE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Connections that break in the middle: whoever repeats blindly appends exactly once. */
class CutConnectionIT {
  private static final long SEED = Long.getLong("varve.seed", System.nanoTime());
  private static final int CUTS = 25;

  private static final Logger CLIENT = (Logger) LoggerFactory.getLogger("io.varve.client");

  @TempDir Path folder;

  @BeforeAll
  static void the_client_need_not_tell_of_each_cut() {
    CLIENT.setLevel(Level.ERROR);
  }

  @AfterAll
  static void log_as_before() {
    CLIENT.setLevel(null);
  }

  @Test
  void appends_through_a_link_that_is_cut_again_and_again_take_effect_exactly_once()
      throws Exception {
    System.out.println("CutConnectionIT: seed " + SEED);
    Random random = new Random(SEED);
    Map<UUID, AppendResult> results = new ConcurrentHashMap<>();
    AtomicBoolean enough = new AtomicBoolean();
    try (ServerProcess server = ServerProcess.serve(folder.resolve("data"));
        CuttingProxy proxy = new CuttingProxy(server.port());
        VarveClient client = VarveClient.builder().endpoint("127.0.0.1", proxy.port()).build()) {
      List<Long> followed = new CopyOnWriteArrayList<>();
      Subscription follower =
          client.subscribeToLog(SubscribeToLog.all(), event -> followed.add(event.position()));
      List<CompletableFuture<Long>> writers = new ArrayList<>();
      for (int w = 0; w < 8; w++) {
        String stream = "writer-" + w;
        writers.add(
            CompletableFuture.supplyAsync(
                () -> appendUntil(enough, client, stream, results),
                task -> Thread.ofVirtual().start(task)));
      }
      for (int cut = 0; cut < CUTS; cut++) {
        int more = results.size() + 1 + random.nextInt(200);
        await()
            .atMost(PATIENCE)
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(1))
            .until(() -> results.size() >= more);
        proxy.cut();
      }
      enough.set(true);
      long versions = 0;
      for (CompletableFuture<Long> writer : writers) {
        versions += writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }

      List<RecordedEvent> log = read(client);
      assertThat(log).hasSize((int) versions).hasSameSizeAs(results.keySet());
      for (RecordedEvent event : log) {
        assertThat(results.get(event.id()))
            .isNotNull()
            .satisfies(
                result -> {
                  assertThat(event.position()).isEqualTo(result.position());
                  assertThat(event.version()).isEqualTo(result.version());
                });
      }
      await().atMost(PATIENCE).until(() -> followed.size() >= log.size());
      assertThat(followed).isEqualTo(log.stream().map(RecordedEvent::position).toList());
      follower.close();
      long deduplicated = results.values().stream().filter(AppendResult::deduplicated).count();
      System.out.println(
          "CutConnectionIT: " + log.size() + " events, " + deduplicated + " appends deduplicated");
    }
  }

  /**
   * Appends one event after the other, each with its place as payload; returns the last version.
   */
  private static long appendUntil(
      AtomicBoolean enough, EventStore store, String stream, Map<UUID, AppendResult> results) {
    long version = 0;
    while (!enough.get()) {
      NewEvent event = NewEvent.of("Happened", Long.toString(version + 1).getBytes(UTF_8));
      AppendResult result = store.append(stream, ExpectedVersion.exactly(version), event);
      assertThat(result.version()).isEqualTo(++version);
      results.put(event.id(), result);
    }
    return version;
  }

  private static List<RecordedEvent> read(EventStore store) {
    try (EventReader reader = store.readLog(ReadLog.all())) {
      return reader.toList();
    }
  }
}
