package io.varve.server.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.Archive;
import io.varve.client.streams.ArchiveProgress;
import io.varve.client.streams.ArchiveRefusedException;
import io.varve.client.streams.ArchiveReport;
import io.varve.client.streams.ArchiveSegment;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.VersionConflictException;
import io.varve.server.TestServer;
import io.varve.server.storage.rocksdb.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive as callers see it: over gRPC, with the client. */
class ArchiveTest {
  private static final int EVENTS = 60;
  private static final String STREAM = "account-1";

  @TempDir private Path temp;
  private Path folder = Path.of("");
  private Path archive = Path.of("");

  @BeforeEach
  void makeFolders() throws IOException {
    folder = temp.resolve("data");
    archive = Files.createDirectory(temp.resolve("archive"));
  }

  @Test
  void every_kind_of_read_and_every_decision_is_as_before() throws Exception {
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      List<NewEvent> first = fill(store);
      List<RecordedEvent> log = log(store, ReadLog.all());
      List<RecordedEvent> stream = stream(store, ReadStream.of(STREAM));
      Instant then = log.get(20).recordedAt();
      List<RecordedEvent> asOf = stream(store, ReadStream.of(STREAM).asOf(then));
      List<RecordedEvent> since = log(store, ReadLog.all().fromTime(then));
      List<RecordedEvent> paid = log(store, ReadLog.all().query(Query.types("Paid")));

      ArchiveProgress end = store.archive().moveBefore(41, _ -> {});

      assertThat(end).isEqualTo(new ArchiveProgress(40, 40, 40));
      assertThat(log(store, ReadLog.all())).isEqualTo(log);
      assertThat(log(store, ReadLog.all().backwards())).isEqualTo(log.reversed());
      assertThat(stream(store, ReadStream.of(STREAM))).isEqualTo(stream);
      assertThat(stream(store, ReadStream.of(STREAM).backwards())).isEqualTo(stream.reversed());
      assertThat(stream(store, ReadStream.of(STREAM).asOf(then))).isEqualTo(asOf);
      assertThat(log(store, ReadLog.all().fromTime(then))).isEqualTo(since);
      assertThat(log(store, ReadLog.all().query(Query.types("Paid")))).isEqualTo(paid);
      for (RecordedEvent event : log) {
        assertThat(store.getEvent(event.id())).contains(event);
        assertThat(store.getEvent(event.position())).contains(event);
        assertThat(store.getEvent(event.stream(), event.version())).contains(event);
      }
      assertThat(followed(store, SubscribeToLog.all(), EVENTS)).isEqualTo(log);
      assertThat(followed(store, SubscribeToLog.all().after(10), EVENTS - 10))
          .isEqualTo(log.subList(10, EVENTS));

      AppendResult again = store.append(STREAM, ExpectedVersion.any(), first);
      assertThat(again.deduplicated()).isTrue();
      assertThat(again.position()).isEqualTo(1);
      assertThatThrownBy(
              () ->
                  store.transact(
                      Transaction.builder()
                          .append("x", ExpectedVersion.any(), NewEvent.json("X", "{}"))
                          .condition(AppendCondition.noMatch(Query.types("Opened")))
                          .build()))
          .isInstanceOf(ConditionFailedException.class);
      assertThatThrownBy(
              () -> store.append(STREAM, ExpectedVersion.exactly(3), NewEvent.json("X", "{}")))
          .isInstanceOf(VersionConflictException.class);
    }
  }

  @Test
  void whoever_says_so_reads_without_the_archive() throws Exception {
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      fill(store);
      List<RecordedEvent> log = log(store, ReadLog.all());
      List<RecordedEvent> stream = stream(store, ReadStream.of(STREAM));
      store.archive().moveBefore(41, _ -> {});
      List<RecordedEvent> hot = log.subList(40, EVENTS);
      List<RecordedEvent> hotOfStream = stream.stream().filter(e -> e.position() > 40).toList();

      assertThat(log(store, ReadLog.all().skipArchived())).isEqualTo(hot);
      assertThat(log(store, ReadLog.all().skipArchived().fromPosition(5))).isEqualTo(hot);
      assertThat(log(store, ReadLog.all().skipArchived().toPosition(5))).isEmpty();
      assertThat(log(store, ReadLog.all().skipArchived().backwards())).isEqualTo(hot.reversed());
      assertThat(stream(store, ReadStream.of(STREAM).skipArchived())).isEqualTo(hotOfStream);
      assertThat(stream(store, ReadStream.of(STREAM).skipArchived().fromVersion(2)))
          .isEqualTo(hotOfStream);
      assertThat(stream(store, ReadStream.of(STREAM).skipArchived().backwards()))
          .isEqualTo(hotOfStream.reversed());
      assertThat(followed(store, SubscribeToLog.all().skipArchived(), hot.size())).isEqualTo(hot);
      assertThat(followed(store, SubscribeToStream.of(STREAM).skipArchived(), hotOfStream.size()))
          .isEqualTo(hotOfStream);

      long first = hotOfStream.getFirst().version();
      assertThatThrownBy(() -> stream(store, ReadStream.of(STREAM).fromSnapshot().skipArchived()))
          .isInstanceOf(EventsNotKeptException.class)
          .hasMessageContaining("is in the archive");
      store.snapshots().save(Snapshot.json(STREAM, first - 1, "{}"));
      assertThat(stream(store, ReadStream.of(STREAM).fromSnapshot().skipArchived()))
          .isEqualTo(hotOfStream);
    }
  }

  @Test
  void reads_and_appends_go_on_while_events_are_moved() throws Exception {
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      fill(store);
      AtomicBoolean done = new AtomicBoolean();
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!done.get()) {
                      store.append(STREAM, ExpectedVersion.any(), NewEvent.json("Paid", "{}"));
                    }
                  });
      BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
      List<Long> positions = new ArrayList<>();
      try (Subscription _ =
          store.subscribeToLog(SubscribeToLog.all(), listener(e -> seen.add(e.position())))) {
        for (int i = 0; i < 5; i++) {
          store.archive().moveBefore(Long.MAX_VALUE, _ -> {});
          List<RecordedEvent> log = log(store, ReadLog.all());
          assertThat(log.stream().map(RecordedEvent::position))
              .isEqualTo(LongStream.rangeClosed(1, log.size()).boxed().toList());
          List<RecordedEvent> stream = stream(store, ReadStream.of(STREAM));
          assertThat(stream.stream().map(RecordedEvent::version))
              .isEqualTo(LongStream.rangeClosed(1, stream.size()).boxed().toList());
        }
        done.set(true);
        writer.join();
        long head = store.statistics().headPosition();
        while (positions.size() < head) {
          Long next = seen.poll(30, TimeUnit.SECONDS);
          assertThat(next).isNotNull();
          positions.add(next);
        }
      } finally {
        done.set(true);
      }
      assertThat(positions).isEqualTo(LongStream.rangeClosed(1, positions.size()).boxed().toList());
      assertThat(store.archive().verify(_ -> {}).findings()).isEmpty();
    }
  }

  @Test
  void the_catalogue_is_listed_and_verified_and_damage_is_named() throws Exception {
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      fill(store);
      Archive of = store.archive();
      of.moveBefore(21, _ -> {});
      of.moveBefore(Instant.now().plusSeconds(60), _ -> {});

      List<ArchiveSegment> segments = of.segments().toList();
      assertThat(segments).extracting(ArchiveSegment::firstPosition).containsExactly(1L, 21L);
      assertThat(segments).extracting(ArchiveSegment::lastPosition).containsExactly(20L, 60L);
      assertThat(of.status().archivedPosition()).isEqualTo(EVENTS);
      assertThat(of.status().location()).startsWith(archive.toString());
      assertThat(of.verify(_ -> {})).isEqualTo(new ArchiveReport(2, 2, List.of(), List.of()));

      Path file = file(segments.getFirst().name());
      Folders.damage(file, Files.size(file) / 2);
      List<ArchiveReport> progress = new ArrayList<>();
      ArchiveReport report = of.verify(progress::add);
      assertThat(report.findings()).isNotEmpty();
      assertThat(report.findings().getFirst()).contains(segments.getFirst().name());
      assertThat(progress).hasSizeGreaterThan(1);
    }
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      assertThatThrownBy(() -> log(store, ReadLog.all()))
          .isInstanceOf(StoreFailedException.class)
          .hasMessageContaining("DATA_LOSS");
      assertThat(log(store, ReadLog.all().fromPosition(21))).hasSize(40);
    }
  }

  @Test
  void without_its_archive_folder_a_server_serves_what_is_hot_and_says_what_is_missing()
      throws Exception {
    try (TestServer server = TestServer.withArchive(folder, archive);
        VarveClient store = server.client()) {
      fill(store);
      store.archive().moveBefore(41, _ -> {});
    }
    try (TestServer server = TestServer.start(folder);
        VarveClient store = server.impatientClient()) {
      assertThat(log(store, ReadLog.all().skipArchived())).hasSize(20);
      store.append(STREAM, ExpectedVersion.any(), NewEvent.json("Paid", "{}"));
      assertThatThrownBy(() -> log(store, ReadLog.all()))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("no archive folder is set");
      assertThatThrownBy(() -> store.archive().moveBefore(50, _ -> {}))
          .isInstanceOf(ArchiveRefusedException.class)
          .hasMessageContaining("archive-folder");
      assertThat(store.archive().segments()).hasSize(1);
    }
  }

  // ---- little things

  private Path file(String name) throws IOException {
    try (var files = Files.walk(archive)) {
      return files
          .filter(f -> f.getFileName().toString().startsWith(name))
          .findFirst()
          .orElseThrow();
    }
  }

  private static List<NewEvent> fill(EventStore store) {
    List<NewEvent> first = List.of(NewEvent.json("Opened", "{\"owner\":\"Ada\"}"));
    store.append(STREAM, ExpectedVersion.noStream(), first);
    for (int i = 1; i < EVENTS; i++) {
      store.append(
          i % 3 == 0 ? "other-" + i % 4 : STREAM,
          ExpectedVersion.any(),
          NewEvent.json(i % 2 == 0 ? "Paid" : "Noted", "{\"number\":" + i + "}"));
    }
    return first;
  }

  private static List<RecordedEvent> log(EventStore store, ReadLog read) {
    try (EventReader events = store.readLog(read)) {
      List<RecordedEvent> all = new ArrayList<>();
      events.forEach(all::add);
      return all;
    }
  }

  private static List<RecordedEvent> stream(EventStore store, ReadStream read) {
    try (EventReader events = store.readStream(read)) {
      List<RecordedEvent> all = new ArrayList<>();
      events.forEach(all::add);
      return all;
    }
  }

  private static List<RecordedEvent> followed(EventStore store, SubscribeToLog request, int count)
      throws InterruptedException {
    BlockingQueue<RecordedEvent> seen = new LinkedBlockingQueue<>();
    try (Subscription _ = store.subscribeToLog(request, listener(seen::add))) {
      return taken(seen, count);
    }
  }

  private static List<RecordedEvent> followed(
      EventStore store, SubscribeToStream request, int count) throws InterruptedException {
    BlockingQueue<RecordedEvent> seen = new LinkedBlockingQueue<>();
    try (Subscription _ = store.subscribeToStream(request, listener(seen::add))) {
      return taken(seen, count);
    }
  }

  private static List<RecordedEvent> taken(BlockingQueue<RecordedEvent> seen, int count)
      throws InterruptedException {
    List<RecordedEvent> events = new ArrayList<>();
    while (events.size() < count) {
      RecordedEvent next = seen.poll(30, TimeUnit.SECONDS);
      assertThat(next).as("after %s events", events.size()).isNotNull();
      events.add(next);
    }
    return events;
  }

  private static SubscriptionListener listener(java.util.function.Consumer<RecordedEvent> each) {
    return each::accept;
  }
}
