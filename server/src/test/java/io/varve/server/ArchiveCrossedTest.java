package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Transaction;
import io.varve.server.storage.rocksdb.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive, crossed by every kind of read, while events are moved and others appended. */
class ArchiveCrossedTest {
  private static final int EVENTS = 240;
  private static final int MOVES = 12;

  @TempDir private Path temp;

  private final List<NewEvent> written = new ArrayList<>();

  @Test
  void every_kind_of_read_is_the_same_while_events_are_moved_and_appended() throws Exception {
    Path data = temp.resolve("data");
    Path archive = Files.createDirectory(temp.resolve("archive"));
    try (TestServer server = TestServer.withArchive(data, archive);
        VarveClient store = server.client();
        ExecutorService threads = Executors.newCachedThreadPool()) {
      fill(store);
      store.consumerGroups().create(ConsumerGroup.ofLog("all", Query.streamPrefixes("s-")));
      List<RecordedEvent> log = all(store.readLog(ReadLog.all().toPosition(EVENTS)));
      assertThat(log).hasSize(EVENTS);
      AtomicBoolean done = new AtomicBoolean();
      List<Future<?>> work = new ArrayList<>();
      work.add(threads.submit(() -> appendUntil(store, done)));
      for (Check check : checks(store, log)) {
        work.add(
            threads.submit(
                () -> {
                  boolean last;
                  do {
                    last = done.get();
                    check.run();
                  } while (!last);
                  return null;
                }));
      }
      try {
        for (int move = 1; move <= MOVES; move++) {
          store.archive().moveBefore((long) move * EVENTS / MOVES + 1, _ -> {});
        }
      } finally {
        done.set(true);
      }
      for (Future<?> each : work) {
        each.get(120, TimeUnit.SECONDS);
      }
      assertThat(store.archive().status().archivedPosition()).isGreaterThanOrEqualTo(EVENTS);
      assertThat(consumed(store)).isEqualTo(log);
    }
    assertThat(Folders.findings(data, archive)).isEmpty();
  }

  private interface Check {
    void run() throws Exception;
  }

  /** Each compares a kind of read, or a decision, with what it was before anything was moved. */
  private List<Check> checks(VarveClient store, List<RecordedEvent> log) {
    List<RecordedEvent> stream = only(log, event -> event.stream().equals("s-1"));
    List<RecordedEvent> paid = only(log, event -> event.type().equals("Paid"));
    Instant then = log.get(100).recordedAt();
    List<RecordedEvent> since = only(log, event -> !event.recordedAt().isBefore(then));
    List<RecordedEvent> asOf = only(stream, event -> !event.recordedAt().isAfter(then));
    return List.of(
        () -> {
          assertThat(all(store.readLog(ReadLog.all().toPosition(EVENTS)))).isEqualTo(log);
          assertThat(all(store.readLog(ReadLog.all().fromPosition(EVENTS).backwards())))
              .isEqualTo(log.reversed());
        },
        () -> {
          assertThat(all(store.readStream(ReadStream.of("s-1")))).isEqualTo(stream);
          assertThat(all(store.readStream(ReadStream.of("s-1").backwards())))
              .isEqualTo(stream.reversed());
          assertThat(all(store.readStream(ReadStream.of("s-1").asOf(then)))).isEqualTo(asOf);
          assertThat(all(store.readLog(ReadLog.all().fromTime(then).toPosition(EVENTS))))
              .isEqualTo(since);
        },
        () -> {
          Query query = Query.types("Paid");
          assertThat(all(store.readLog(ReadLog.all().query(query)))).isEqualTo(paid);
          assertThat(all(store.readLog(ReadLog.all().query(query).backwards())))
              .isEqualTo(paid.reversed());
          assertThat(all(store.readLog(ReadLog.all().query(Query.tags("odd:1")))))
              .isEqualTo(only(log, event -> event.tags().contains("odd:1")));
        },
        () -> {
          for (RecordedEvent event : log.subList(0, 60)) {
            assertThat(store.getEvent(event.id())).contains(event);
            assertThat(store.getEvent(event.position())).contains(event);
            assertThat(store.getEvent(event.stream(), event.version())).contains(event);
          }
        },
        () -> {
          BlockingQueue<RecordedEvent> seen = new LinkedBlockingQueue<>();
          try (Subscription _ = store.subscribeToLog(SubscribeToLog.all(), seen::add)) {
            assertThat(taken(seen, EVENTS)).isEqualTo(log);
          }
          BlockingQueue<RecordedEvent> ofStream = new LinkedBlockingQueue<>();
          try (Subscription _ =
              store.subscribeToStream(SubscribeToStream.of("s-1"), ofStream::add)) {
            assertThat(taken(ofStream, stream.size())).isEqualTo(stream);
          }
        },
        () -> {
          for (int i = 0; i < EVENTS; i += 40) {
            AppendResult again =
                store.append("s-" + i % 5, ExpectedVersion.any(), List.of(written.get(i)));
            assertThat(again.deduplicated()).isTrue();
            assertThat(again.position()).isEqualTo(i + 1L);
          }
          assertThatThrownBy(
                  () ->
                      store.transact(
                          Transaction.builder()
                              .append("x", ExpectedVersion.any(), NewEvent.json("X", "{}"))
                              .condition(AppendCondition.noMatch(Query.types("Opened")))
                              .build()))
              .isInstanceOf(ConditionFailedException.class);
        });
  }

  private void fill(VarveClient store) {
    for (int i = 0; i < EVENTS; i++) {
      NewEvent event =
          NewEvent.builder(i == 0 ? "Opened" : i % 2 == 0 ? "Paid" : "Noted")
              .json("{\"number\":" + i + ",\"text\":\"" + "x".repeat(500) + "\"}")
              .tag("odd:" + i % 2)
              .build();
      written.add(event);
      store.append("s-" + i % 5, ExpectedVersion.any(), List.of(event));
    }
  }

  private static int appendUntil(VarveClient store, AtomicBoolean done) {
    int appended = 0;
    while (!done.get()) {
      store.append("young-" + appended % 3, ExpectedVersion.any(), NewEvent.json("Young", "{}"));
      appended++;
    }
    return appended;
  }

  /** What a consumer of the group gets, from the first event on: all of it from the archive. */
  private static List<RecordedEvent> consumed(VarveClient store) throws InterruptedException {
    BlockingQueue<RecordedEvent> seen = new LinkedBlockingQueue<>();
    try (GroupConsumer _ =
        store
            .consumerGroups()
            .consume(
                JoinGroup.of("all").credit(EVENTS),
                (event, consumer) -> {
                  seen.add(event.event());
                  consumer.ack(event);
                })) {
      return taken(seen, EVENTS);
    }
  }

  private static List<RecordedEvent> only(
      List<RecordedEvent> events, Predicate<RecordedEvent> wanted) {
    return events.stream().filter(wanted).toList();
  }

  private static List<RecordedEvent> all(EventReader reader) {
    try (EventReader events = reader) {
      List<RecordedEvent> all = new ArrayList<>();
      events.forEach(all::add);
      return all;
    }
  }

  private static List<RecordedEvent> taken(BlockingQueue<RecordedEvent> seen, int count)
      throws InterruptedException {
    List<RecordedEvent> events = new ArrayList<>();
    while (events.size() < count) {
      RecordedEvent next = seen.poll(60, TimeUnit.SECONDS);
      assertThat(next).as("after %s events", events.size()).isNotNull();
      events.add(next);
    }
    return events;
  }
}
