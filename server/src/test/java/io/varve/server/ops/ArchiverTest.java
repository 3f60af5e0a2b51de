package io.varve.server.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.storage.archive.ArchivePlace;
import io.varve.server.storage.rocksdb.RocksDbEventStorage;
import io.varve.server.storage.rocksdb.StorageSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final StreamId STREAM = new StreamId("s");
  private static final int EVENTS = 50;

  @TempDir private Path temp;

  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLong lastId = new AtomicLong();

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  /** A storage with an event a second. */
  private RocksDbEventStorage written() throws IOException {
    Path data = Files.createDirectories(temp.resolve("data"));
    Path archive = Files.createDirectories(temp.resolve("archive"));
    RocksDbEventStorage storage =
        RocksDbEventStorage.open(
            data, StorageSettings.defaults(), new UUID(1, 1), ArchivePlace.folder(archive, 1_000));
    LogModel model = new LogModel();
    RandomEvents events = new RandomEvents(1);
    for (int i = 0; i < EVENTS; i++) {
      model.commit(
          storage,
          TIME.plusSeconds(i),
          List.of(new LogModel.Draft(STREAM, events.next("T", List.of()))));
    }
    return storage;
  }

  private Archiver archiver(RocksDbEventStorage storage, ArchiveSettings settings, Instant now) {
    return new Archiver(
        storage, settings, executor, () -> now, () -> new UUID(9, lastId.incrementAndGet()));
  }

  private static ArchiveSettings after(Duration age, long minEvents) {
    return new ArchiveSettings(age, Duration.ofMillis(1), minEvents, Long.MAX_VALUE);
  }

  /** Keeps what it hears. */
  private static final class Heard implements Archiver.Observer {
    private final List<String> said = Collections.synchronizedList(new ArrayList<>());
    private final AtomicBoolean wanted = new AtomicBoolean(true);

    /** Done at each move, while the run waits. */
    private volatile Runnable atMove = () -> {};

    @Override
    public void moved(Archiver.Progress progress) {
      said.add("moved " + progress.events() + " of " + progress.total());
      atMove.run();
    }

    @Override
    public void ended(Archiver.Progress progress) {
      said.add("ended " + progress.events() + " of " + progress.total());
    }

    @Override
    public void failed(RuntimeException cause) {
      said.add("failed: " + cause.getMessage());
    }

    @Override
    public boolean isWanted() {
      return wanted.get();
    }
  }

  @Test
  void events_move_once_they_are_old_enough_and_no_younger_one_does() throws IOException {
    try (RocksDbEventStorage storage = written()) {
      archiver(storage, after(Duration.ofSeconds(100), 10), TIME.plusSeconds(120)).schedule();

      await().atMost(PATIENCE).until(() -> storage.archive().lastPosition() == 20);

      assertThat(storage.archive().lastRecordedAt()).isEqualTo(TIME.plusSeconds(19));
      assertThat(storage.readLog(1, EVENTS, Integer.MAX_VALUE).count()).isEqualTo(EVENTS);
    }
  }

  @Test
  void a_few_old_events_are_not_worth_a_file_until_they_are_enough() throws IOException {
    try (RocksDbEventStorage storage = written()) {
      Archiver few = archiver(storage, after(Duration.ofSeconds(100), 21), TIME.plusSeconds(120));
      few.schedule();
      Heard heard = new Heard();

      // When this run ends, on the same thread, the schedule has had its turns before it.
      await().atMost(PATIENCE).until(() -> few.start(1, heard));
      await().atMost(PATIENCE).until(() -> heard.said.contains("ended 0 of 0"));

      executor.shutdownNow(); // before what it looks at is closed
      assertThat(storage.archive().lastPosition()).isZero();
    }
  }

  @Test
  void a_run_tells_of_each_file_and_while_it_lasts_no_other_begins() throws IOException {
    try (RocksDbEventStorage storage = written()) {
      Archiver archiver =
          archiver(storage, new ArchiveSettings(Duration.ZERO, PATIENCE, 1, 1_000_000), TIME);
      Heard heard = new Heard();
      List<Boolean> others = Collections.synchronizedList(new ArrayList<>());
      heard.atMove = () -> others.add(archiver.start(Long.MAX_VALUE, new Heard()));

      assertThat(archiver.start(Long.MAX_VALUE, heard)).isTrue();

      await().atMost(PATIENCE).until(() -> heard.said.contains("ended 50 of 50"));
      assertThat(others).isNotEmpty().containsOnly(false);
      assertThat(heard.said).hasSizeGreaterThan(2);
      assertThat(heard.said.getFirst()).startsWith("moved ").endsWith(" of 50");
      assertThat(archiver.isRunning()).isFalse();
      assertThat(archiver.runs()).isEqualTo(new LongTask.Runs(false, 1, 0, 0, TIME));
      assertThat(storage.archive().lastPosition()).isEqualTo(EVENTS);
    }
  }

  @Test
  void a_run_that_nobody_wants_any_more_is_given_up_and_what_it_has_moved_stays()
      throws IOException {
    try (RocksDbEventStorage storage = written()) {
      Archiver archiver =
          archiver(storage, new ArchiveSettings(Duration.ZERO, PATIENCE, 1, 20_000), TIME);
      Heard heard = new Heard();
      heard.atMove = () -> heard.wanted.set(false);

      archiver.start(Long.MAX_VALUE, heard);

      await().atMost(PATIENCE).until(() -> !archiver.isRunning());
      assertThat(archiver.runs()).isEqualTo(new LongTask.Runs(false, 0, 1, 0, null));
      assertThat(storage.archive().lastPosition()).isBetween(1L, EVENTS - 1L);
      assertThat(heard.said).singleElement().asString().startsWith("moved");
      assertThat(storage.readLog(1, EVENTS, Integer.MAX_VALUE).count()).isEqualTo(EVENTS);
    }
  }

  @Test
  void a_run_that_fails_says_why_and_the_next_one_goes_on() throws IOException {
    try (RocksDbEventStorage storage = written()) {
      Archiver archiver =
          archiver(storage, ArchiveSettings.after(Duration.ZERO, Long.MAX_VALUE), TIME);
      Path archive = temp.resolve("archive");
      Files.delete(archive);
      Heard heard = new Heard();
      archiver.start(Long.MAX_VALUE, heard);
      await().atMost(PATIENCE).until(() -> !heard.said.isEmpty());
      assertThat(heard.said).singleElement().asString().contains("the archive folder is missing");
      assertThat(archiver.runs()).isEqualTo(new LongTask.Runs(false, 0, 0, 1, null));

      Files.createDirectory(archive);
      Heard next = new Heard();
      await().atMost(PATIENCE).until(() -> archiver.start(Long.MAX_VALUE, next));
      await().atMost(PATIENCE).until(() -> next.said.contains("ended 50 of 50"));
      assertThat(archiver.runs()).isEqualTo(new LongTask.Runs(false, 1, 0, 1, TIME));
    }
  }

  @Test
  void what_a_crash_has_left_is_finished_after_the_start() throws IOException {
    try (RocksDbEventStorage storage = written()) {
      // A pass that is given up behind the catalogue entry is what a crash leaves.
      try (var pass = storage.archive().move(Long.MAX_VALUE, () -> TIME, new UUID(8, 8))) {
        while (pass.next().positions() == 0) {
          // up to the first entry
        }
      }
      assertThat(storage.archive().isUnfinished()).isTrue();
      long moved = storage.archive().lastPosition();

      archiver(storage, ArchiveSettings.after(Duration.ZERO, Long.MAX_VALUE), TIME).schedule();

      await().atMost(PATIENCE).until(() -> !storage.archive().isUnfinished());
      assertThat(storage.archive().lastPosition()).as("and nothing more").isEqualTo(moved);
    }
  }
}
