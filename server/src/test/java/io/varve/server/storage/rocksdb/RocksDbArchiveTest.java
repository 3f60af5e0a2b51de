package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.Pages;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.query.MatchFinder;
import io.varve.server.storage.ArchivePass;
import io.varve.server.storage.ArchiveSegment;
import io.varve.server.storage.ArchiveUnavailableException;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.NotAtHandException;
import io.varve.server.storage.Scavenge;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TimeSearch;
import io.varve.server.storage.archive.ArchivePlace;
import io.varve.server.storage.archive.ArchiveReads;
import io.varve.server.storage.archive.TimedReads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Old events move to the archive, and nobody who reads notices. */
class RocksDbArchiveTest {
  private static final StorageSettings SETTINGS =
      new StorageSettings(4 << 20, 256 << 10, 256 << 10, 2);
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final IndexBounds TINY = new IndexBounds(7, 1 << 20, 3, 2);
  private static final int QUESTIONS = 60;

  @TempDir private Path temp;

  private final LogModel model = new LogModel();
  private final List<StreamId> streams = new ArrayList<>();
  private final List<String> types = List.of("Opened", "Paid", "Closed", "Noted");
  private int passes;
  private long segmentBytes = 20_000;

  // ---- nobody notices

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void every_answer_is_the_same_before_and_after_and_after_the_index_is_rebuilt(long seed)
      throws IOException {
    Path folder = folder("data");
    List<String> before;
    long head;
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, seed, 250);
      head = storage.head().position();
      before = answers(storage, seed);
      Random random = new Random(seed);
      for (long upTo = 0; upTo < head; ) {
        upTo = Math.min(head, upTo + 1 + random.nextLong(head / 3));
        move(storage, upTo + 1);
        assertThat(answers(storage, seed)).isEqualTo(before);
      }
      assertThat(storage.archive().lastPosition()).isEqualTo(head);
      assertThat(storage.archive().segments()).hasSizeGreaterThan(4);
      assertSound(storage);
      assertThat(storage.figures().dataFormat()).isEqualTo(2);
    }
    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(answers(storage, seed)).isEqualTo(before);
    }
    Folders.delete(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(answers(storage, seed)).isEqualTo(before);
      assertThat(storage.archive().isUnfinished()).isFalse();
      long version = storage.streamHead(streams.getFirst()).version();
      model.commit(storage, TIME.plusSeconds(9_999), List.of(draft(streams.getFirst(), seed)));
      assertThat(storage.streamHead(streams.getFirst()).version()).isEqualTo(version + 1);
    }
  }

  @Test
  void what_is_in_the_archive_is_not_at_hand() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 1, 50);
      move(storage, Long.MAX_VALUE);
      assertThat(storage.archive().lastPosition()).isEqualTo(storage.head().position());
    }
    try (RocksDbEventStorage storage = open(folder)) {
      StreamHead head = storage.streamHead(streams.getFirst());
      Runnable read =
          () ->
              assertThat(storage.readStream(head.number(), 1, head.version(), 1 << 20).count())
                  .isEqualTo((int) head.version());
      read.run();
      assertThatThrownBy(() -> storage.atHand(read)).isInstanceOf(NotAtHandException.class);
    }
  }

  @Test
  void a_read_that_looks_where_events_no_longer_are_looks_again() throws IOException {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      write(storage, 12, 20);
      AtomicInteger looks = new AtomicInteger();

      EventPage page =
          storage.crossing(
              through -> {
                if (looks.incrementAndGet() == 1) {
                  move(storage, Long.MAX_VALUE); // just when it has been asked where they are
                }
                return storage.readLog(1, model.head(), Integer.MAX_VALUE, through);
              });

      assertThat(looks).hasValue(2);
      assertThat(Pages.positions(page)).hasSize((int) model.head());
    }
  }

  @Test
  void what_has_been_moved_as_a_whole_is_known_to_be_after_a_restart() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 13, 20);
      move(storage, Long.MAX_VALUE);
      assertThat(storage.archive().isUnfinished()).isFalse();
    }
    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(storage.archive().isUnfinished()).isFalse();
    }
  }

  @Test
  void what_is_hot_afterwards_is_a_fraction_of_what_it_was() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      RandomEvents events = new RandomEvents(1);
      for (int i = 0; i < 400; i++) {
        StreamId stream = new StreamId("account-" + i % 20);
        NewEvent event =
            new NewEvent(
                events.id(), false, "Paid", events.bytes(20_000), "", Map.of(), List.of(), null);
        model.commit(storage, TIME.plusSeconds(i), List.of(new LogModel.Draft(stream, event)));
      }
    }
    long before = FolderSize.of(folder.resolve("log")) + FolderSize.of(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder)) {
      move(storage, Long.MAX_VALUE);
    }
    long after = FolderSize.of(folder.resolve("log")) + FolderSize.of(folder.resolve("index"));
    assertThat(before).isGreaterThan(16_000_000);
    assertThat(after).isLessThan(before / 20);
  }

  @Test
  void the_index_is_written_again_only_once_much_of_it_has_been_replaced() throws IOException {
    Path folder = folder("data");
    RandomEvents events = new RandomEvents(1);
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 200; i++) {
        StreamId stream = new StreamId("account-" + i % 20);
        NewEvent event =
            new NewEvent(
                events.id(), false, "Paid", events.bytes(20_000), "", Map.of(), List.of(), null);
        model.commit(storage, TIME.plusSeconds(i), List.of(new LogModel.Draft(stream, event)));
      }
      storage.compact();
      Set<Path> files = tables(folder.resolve("index"));
      assertThat(files).isNotEmpty();

      long moved = 0;
      while (moved + 2 < 200 / 8) {
        move(storage, moved + 3);
        moved = storage.archive().lastPosition();
        assertThat(tables(folder.resolve("index"))).as("after %s", moved).containsAll(files);
      }
      while (moved < 200 / 6) {
        move(storage, moved + 3);
        moved = storage.archive().lastPosition();
      }
      assertThat(tables(folder.resolve("index")).containsAll(files)).isFalse();
    }
  }

  private static Set<Path> tables(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".sst")).collect(Collectors.toSet());
    }
  }

  @Test
  void readers_and_writers_go_on_while_events_are_moved() throws Exception {
    try (RocksDbEventStorage storage = open(folder("data"));
        ExecutorService threads = Executors.newFixedThreadPool(3)) {
      write(storage, 4, 300);
      long head = storage.head().position();
      List<byte[]> log = Pages.bytes(storage.readLog(1, head, Integer.MAX_VALUE));
      List<Long> positions = Pages.positions(storage.readLog(1, head, Integer.MAX_VALUE));
      AtomicBoolean done = new AtomicBoolean();
      List<Future<Integer>> readers = new ArrayList<>();
      for (int reader = 0; reader < 2; reader++) {
        boolean backwards = reader == 1;
        readers.add(
            threads.submit(
                () -> {
                  int reads = 0;
                  do {
                    assertReads(storage, log, positions, backwards);
                    reads++;
                  } while (!done.get());
                  return reads;
                }));
      }
      Future<?> writer =
          threads.submit(
              () -> {
                for (int i = 0; i < 200 && !done.get(); i++) {
                  model.commit(
                      storage, TIME.plusSeconds(5_000 + i), List.of(draft(streams.getFirst(), i)));
                }
              });
      try {
        for (long upTo = 20; upTo <= head; upTo += 20) {
          move(storage, upTo + 1);
        }
        move(storage, head + 1);
      } finally {
        done.set(true);
      }
      for (Future<Integer> reader : readers) {
        assertThat(reader.get(60, TimeUnit.SECONDS)).isPositive();
      }
      writer.get(60, TimeUnit.SECONDS);
      assertThat(storage.archive().lastPosition()).isGreaterThanOrEqualTo(head);
      assertSound(storage);
    }
  }

  private void assertReads(
      RocksDbEventStorage storage, List<byte[]> log, List<Long> positions, boolean backwards) {
    long head = positions.size();
    List<byte[]> read = new ArrayList<>();
    long next = backwards ? head : 1;
    while (backwards ? next >= 1 : next <= head) {
      var page =
          backwards ? storage.readLogBackwards(next, 1, 3_000) : storage.readLog(next, head, 3_000);
      read.addAll(Pages.bytes(page));
      next = backwards ? page.reached() - 1 : page.reached() + 1;
    }
    assertThat(read)
        .usingElementComparator(java.util.Arrays::compare)
        .isEqualTo(backwards ? log.reversed() : log);
    for (StreamId stream : streams) {
      StreamHead known = storage.streamHead(stream);
      var page = storage.readStream(known.number(), 1, known.version(), Integer.MAX_VALUE);
      assertThat(page.count()).isEqualTo((int) known.version());
    }
  }

  // ---- crashes

  @ParameterizedTest
  @EnumSource(RocksDbArchivePass.Moment.class)
  void a_crash_at_any_moment_loses_nothing_and_the_next_pass_finishes(
      RocksDbArchivePass.Moment moment) throws IOException {
    for (int nth = 1; nth <= 2; nth++) {
      Path folder = folder("data-" + nth);
      LogModel fresh = new LogModel();
      List<String> before;
      Path crashed;
      try (RocksDbEventStorage storage = open(folder)) {
        write(fresh, storage, 5, 120);
        before = answers(storage, 5);
        crashed = crashAt(storage, folder, moment, nth);
      }
      try (RocksDbEventStorage storage = open(crashed)) {
        assertThat(answers(storage, 5)).isEqualTo(before);
        if (moment == RocksDbArchivePass.Moment.ENTERED
            || moment == RocksDbArchivePass.Moment.OUTLINED) {
          assertThat(storage.archive().isUnfinished()).isTrue();
        }
        move(storage, Long.MAX_VALUE);
        assertThat(storage.archive().isUnfinished()).isFalse();
        assertThat(storage.archive().lastPosition()).isEqualTo(storage.head().position());
        assertThat(answers(storage, 5)).isEqualTo(before);
        storage.archive().segments().forEach(s -> assertThat(verify(storage, s)).isEmpty());
        assertThat(storage.archive().strayFiles())
            .hasSize(
                moment == RocksDbArchivePass.Moment.FINISHED
                        || moment == RocksDbArchivePass.Moment.COMPARED
                    ? 1
                    : 0);
        assertThat(unfinishedFiles()).isEmpty();
      }
      Folders.delete(crashed.resolve("index"));
      try (RocksDbEventStorage storage = open(crashed)) {
        assertThat(answers(storage, 5)).isEqualTo(before);
      }
      Folders.delete(archive());
    }
  }

  /** What a process leaves that is killed at the nth such moment. */
  private Path crashAt(
      RocksDbEventStorage storage, Path folder, RocksDbArchivePass.Moment moment, int nth)
      throws IOException {
    Path copy = temp.resolve(folder.getFileName() + "-crashed");
    int[] seen = {0};
    IllegalStateException crash = new IllegalStateException("crash");
    try (ArchivePass pass =
        storage
            .movedEvents()
            .move(
                Long.MAX_VALUE,
                () -> TIME,
                new UUID(8, ++passes),
                at -> {
                  if (at == moment && ++seen[0] == nth) {
                    try {
                      Folders.copy(folder, copy);
                      Folders.copy(archive(), temp.resolve("archive-crashed"));
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                    throw crash;
                  }
                })) {
      assertThat(catchThrowable(() -> run(pass))).isSameAs(crash);
    }
    Folders.delete(archive());
    Files.move(temp.resolve("archive-crashed"), archive());
    return copy;
  }

  // ---- an archive that is missing or damaged

  @Test
  void without_its_archive_a_store_decides_and_appends_and_only_reads_of_old_events_fail()
      throws IOException {
    Path folder = folder("data");
    long moved;
    UUID old;
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 6, 300);
      move(storage, storage.head().position() / 2);
      moved = storage.archive().lastPosition();
      old = model.entries().getFirst().id();
    }
    Folders.delete(folder.resolve("index"));
    Path elsewhere = temp.resolve("elsewhere");
    Files.move(archive(), elsewhere);
    long head = model.head();
    try (RocksDbEventStorage storage = open(folder)) {
      assertThat(Pages.positions(storage.readLog(moved + 1, head, Integer.MAX_VALUE)))
          .hasSize((int) (head - moved));
      assertThat(requireNonNull(storage.placeOf(old)).position()).isEqualTo(1);
      Query query =
          new Query(
              List.of(
                  new Query.Item(
                      Set.of(model.entries().getFirst().type()), Set.of(), List.of(), Set.of())));
      assertThat(new MatchFinder(storage).firstMatch(query, 1, moved)).isEqualTo(1);
      TimeSearch times = new TimeSearch(storage);
      assertThat(times.firstPositionSince(model.entries().get(4).recordedAt(), head))
          .isBetween(1L, 5L);
      for (StreamId stream : streams) {
        assertThat(storage.streamHead(stream).version()).isEqualTo(model.stream(stream).size());
      }
      model.commit(storage, TIME.plusSeconds(7_000), List.of(draft(streams.getFirst(), 1)));

      assertThatThrownBy(() -> storage.readLog(1, head, 100))
          .isInstanceOf(ArchiveUnavailableException.class)
          .hasMessageContaining("is missing in " + archive());
      assertThatThrownBy(() -> storage.readLogBackwards(moved, 1, 100))
          .isInstanceOf(ArchiveUnavailableException.class);
      StreamHead stream = storage.streamHead(model.entries().getFirst().stream());
      assertThatThrownBy(() -> storage.readStream(stream.number(), 1, 1, 100))
          .isInstanceOf(ArchiveUnavailableException.class);
      Files.move(elsewhere, archive());
      assertThat(Pages.positions(storage.readLog(1, head, Integer.MAX_VALUE)))
          .as("it is back")
          .hasSize((int) head);
    }
    try (RocksDbEventStorage storage =
        RocksDbEventStorage.open(folder, SETTINGS, new UUID(1, 1), TINY)) {
      assertThat(storage.archive().isOpen()).isFalse();
      assertThatThrownBy(() -> storage.readLog(1, head, 100))
          .isInstanceOf(ArchiveUnavailableException.class)
          .hasMessageContaining("no archive folder is set");
    }
  }

  @Test
  void a_disk_that_hangs_is_told_to_those_who_want_old_events_and_holds_up_nobody_else()
      throws Exception {
    Path folder = folder("data");
    long moved;
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 13, 200);
      move(storage, storage.head().position() / 2);
      moved = storage.archive().lastPosition();
    }
    long head = model.head();
    CountDownLatch answers = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    ArchiveReads hanging =
        new ArchiveReads() {
          @Override
          public <T> T read(Reading<T> reading) throws IOException {
            asked.incrementAndGet();
            try {
              answers.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return reading.get();
          }
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      ArchiveReads timed = new TimedReads(threads, Duration.ofMillis(100));
      ArchivePlace place =
          ArchivePlace.folder(archive(), segmentBytes)
              .with(
                  new ArchiveReads() {
                    @Override
                    public <T> T read(Reading<T> reading) throws IOException {
                      return timed.read(() -> hanging.read(reading));
                    }
                  });
      try (RocksDbEventStorage storage =
          RocksDbEventStorage.open(folder, SETTINGS, new UUID(1, 1), place, TINY)) {
        assertThatThrownBy(() -> storage.readLog(1, head, 100))
            .isInstanceOf(ArchiveUnavailableException.class)
            .hasMessageContaining("has not answered within 100 ms");
        for (int i = 0; i < 20; i++) {
          assertThatThrownBy(() -> storage.readLogBackwards(moved, 1, 100))
              .isInstanceOf(ArchiveUnavailableException.class)
              .hasMessageContaining("has not answered an earlier read");
        }
        assertThat(asked.get()).as("nobody else waits").isEqualTo(1);
        assertThat(Pages.positions(storage.readLog(moved + 1, head, Integer.MAX_VALUE)))
            .hasSize((int) (head - moved));

        answers.countDown();
        await()
            .atMost(Duration.ofSeconds(60))
            .ignoreExceptionsInstanceOf(ArchiveUnavailableException.class)
            .until(() -> storage.readLog(1, head, Integer.MAX_VALUE).count() == head);
      } finally {
        answers.countDown();
      }
    }
  }

  @Test
  void every_damaged_byte_of_an_archive_segment_is_noticed_and_nothing_wrong_is_returned()
      throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 7, 60);
      move(storage, storage.head().position() / 2);
      assertSound(storage);
    }
    Path file = segmentFiles().getFirst();
    byte[] sound = Files.readAllBytes(file);
    Random random = new Random(7);
    for (int i = 0; i < 50; i++) {
      long offset = i < 20 ? i * 5L : random.nextLong(sound.length);
      Folders.damage(file, offset);
      try (RocksDbEventStorage storage = open(folder)) {
        ArchiveSegment segment = storage.archive().segments().getFirst();
        assertThat(verify(storage, segment)).as("byte %s", offset).isNotEmpty();
        List<byte[]> read = new ArrayList<>();
        Throwable thrown =
            catchThrowable(
                () ->
                    read.addAll(
                        Pages.bytes(
                            storage.readLog(1, segment.lastPosition(), Integer.MAX_VALUE))));
        if (thrown == null) { // the head, which no read looks at
          for (int event = 0; event < read.size(); event++) {
            assertThat(read.get(event)).isEqualTo(model.entries().get(event).encoded());
          }
        } else {
          assertThat(thrown).isInstanceOf(DamagedDataException.class);
          assertThat(thrown).hasMessageContaining(segment.file());
        }
      }
      Files.write(file, sound);
    }
    Files.write(file, java.util.Arrays.copyOf(sound, sound.length / 2));
    try (RocksDbEventStorage storage = open(folder)) {
      ArchiveSegment segment = storage.archive().segments().getFirst();
      assertThat(verify(storage, segment)).singleElement().asString().contains("bytes");
      assertThatThrownBy(() -> storage.readLog(1, 5, 100))
          .isInstanceOf(DamagedDataException.class)
          .hasMessageContaining("shorter");
    }
  }

  @Test
  void another_segments_file_under_a_segments_name_is_noticed() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 8, 200);
      move(storage, Long.MAX_VALUE);
      List<Path> files = segmentFiles();
      assertThat(files).hasSizeGreaterThan(1);
      Files.copy(files.get(1), files.get(0), StandardCopyOption.REPLACE_EXISTING);
      assertThat(verify(storage, storage.archive().segments().getFirst())).isNotEmpty();
      assertThat(verify(storage, storage.archive().segments().get(1))).isEmpty();
    }
    try (RocksDbEventStorage storage = open(folder)) {
      assertThatThrownBy(() -> storage.readLog(1, 5, 100)).isInstanceOf(DamagedDataException.class);
    }
  }

  @Test
  void a_missing_archive_folder_is_not_taken_for_an_empty_one() throws IOException {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      write(storage, 9, 20);
      Files.delete(archive());

      assertThatThrownBy(() -> move(storage, Long.MAX_VALUE))
          .isInstanceOf(ArchiveUnavailableException.class)
          .hasMessageContaining("the archive folder is missing");

      assertThat(storage.archive().lastPosition()).isZero();
      assertThat(Pages.positions(storage.readLog(1, model.head(), Integer.MAX_VALUE)))
          .hasSize((int) model.head());
    }
  }

  @Test
  void a_file_that_is_not_what_was_written_does_not_become_part_of_the_archive()
      throws IOException {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      write(storage, 11, 60);
      try (ArchivePass pass =
          storage
              .movedEvents()
              .move(
                  Long.MAX_VALUE,
                  () -> TIME,
                  new UUID(8, ++passes),
                  at -> {
                    if (at == RocksDbArchivePass.Moment.FINISHED) {
                      damageOneByte();
                    }
                  })) {
        assertThatThrownBy(() -> run(pass))
            .isInstanceOf(DamagedDataException.class)
            .hasMessageContaining("nothing has been moved");
      }

      assertThat(storage.archive().lastPosition()).isZero();
      assertThat(segmentFiles()).isEmpty();
      assertThat(Pages.positions(storage.readLog(1, model.head(), Integer.MAX_VALUE)))
          .hasSize((int) model.head());
      move(storage, Long.MAX_VALUE);
      assertSound(storage);
    }
  }

  private void damageOneByte() {
    try {
      Path file = segmentFiles().getLast();
      Folders.damage(file, Files.size(file) / 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void where_the_last_file_of_the_archive_is_not_nothing_is_moved() throws IOException {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      write(storage, 10, 100);
      move(storage, storage.head().position() / 2);
      long moved = storage.archive().lastPosition();
      assertThat(moved).isPositive();
      // The mount has failed: what is left is the folder below it.
      Path mounted = temp.resolve("mounted");
      Files.move(archive(), mounted);
      Files.createDirectory(archive());

      assertThatThrownBy(() -> move(storage, Long.MAX_VALUE))
          .isInstanceOf(ArchiveUnavailableException.class)
          .hasMessageContaining(storage.archive().segments().getLast().file())
          .hasMessageContaining("mounted?");

      assertThat(archive()).isEmptyDirectory();
      assertThat(storage.archive().lastPosition()).isEqualTo(moved);
      Files.delete(archive());
      Files.move(mounted, archive());
      Path last = segmentFiles().getLast();
      byte[] sound = Files.readAllBytes(last);
      Files.write(last, java.util.Arrays.copyOf(sound, sound.length - 1));
      assertThatThrownBy(() -> move(storage, Long.MAX_VALUE))
          .isInstanceOf(ArchiveUnavailableException.class)
          .hasMessageContaining((sound.length - 1) + " bytes there instead of " + sound.length);
      Files.write(last, sound);
      move(storage, Long.MAX_VALUE);
      assertThat(Pages.positions(storage.readLog(1, model.head(), Integer.MAX_VALUE)))
          .hasSize((int) model.head());
      assertSound(storage);
    }
  }

  @Test
  void a_mount_that_fails_in_the_middle_of_a_pass_ends_it() throws IOException {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      write(storage, 11, 200);
      Path mounted = temp.resolve("mounted");
      try (ArchivePass pass =
          storage.archive().move(Long.MAX_VALUE, () -> TIME, new UUID(8, ++passes))) {
        while (storage.archive().lastPosition() == 0 || storage.archive().isUnfinished()) {
          pass.next();
        }
        Files.move(archive(), mounted);
        Files.createDirectory(archive());
        assertThatThrownBy(() -> run(pass)).isInstanceOf(ArchiveUnavailableException.class);
      }
      assertThat(archive()).isEmptyDirectory();
      assertThat(storage.archive().segments()).hasSize(1);
    }
  }

  @Test
  void events_leave_the_database_only_where_the_file_is_that_has_them() throws IOException {
    Path folder = folder("data");
    Path crashed;
    try (RocksDbEventStorage storage = open(folder)) {
      write(storage, 12, 120);
      crashed = crashAt(storage, folder, RocksDbArchivePass.Moment.ENTERED, 1);
    }
    Path mounted = temp.resolve("mounted");
    Files.move(archive(), mounted);
    Files.createDirectory(archive());
    try (RocksDbEventStorage storage = open(crashed)) {
      assertThatThrownBy(() -> move(storage, Long.MAX_VALUE))
          .isInstanceOf(ArchiveUnavailableException.class);
      assertThat(storage.archive().isUnfinished()).isTrue();
      assertThat(archive()).isEmptyDirectory();
      Files.delete(archive());
      Files.move(mounted, archive());
      move(storage, Long.MAX_VALUE);
      assertThat(storage.archive().isUnfinished()).isFalse();
      assertSound(storage);
    }
  }

  // ---- beside the scavenge

  @Test
  void what_is_hidden_after_it_was_archived_is_reclaimed_and_no_read_returns_it()
      throws IOException {
    Path folder = folder("data");
    StreamId gone = new StreamId("gone-1");
    StreamId kept = new StreamId("kept-1");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 40; i++) {
        commit(storage, i, i % 2 == 0 ? gone : kept);
      }
      move(storage, 31);
      StreamHead head = storage.streamHead(gone);
      commitChange(storage, gone, head);

      reclaim(storage);

      assertReclaimed(storage, gone, kept);
      move(storage, Long.MAX_VALUE);
      assertReclaimed(storage, gone, kept);
      assertSound(storage);
    }
    Folders.delete(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder)) {
      assertReclaimed(storage, gone, kept);
    }
  }

  @Test
  void a_crash_between_the_log_and_the_index_of_a_scavenge_in_the_archive_is_mended()
      throws IOException {
    Path folder = folder("data");
    Path crashed = temp.resolve("crashed");
    StreamId gone = new StreamId("gone-1");
    StreamId kept = new StreamId("kept-1");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 40; i++) {
        commit(storage, i, i % 2 == 0 ? gone : kept);
      }
      move(storage, 31);
      commitChange(storage, gone, storage.streamHead(gone));
    }
    try (RocksDbEventStorage storage = open(folder)) {
      Scavenge pass =
          storage.scavenge(
              () -> TIME.plusSeconds(100_000),
              () -> {
                if (!Files.exists(crashed)) {
                  try {
                    Folders.copy(folder, crashed);
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                }
              });
      run(pass);
    }
    try (RocksDbEventStorage storage = open(crashed)) {
      reclaim(storage);
      assertReclaimed(storage, gone, kept);
    }
  }

  @Test
  void a_scavenge_while_a_file_is_written_begins_it_anew() throws IOException {
    Path folder = folder("data");
    segmentBytes = 1 << 30; // so that it is not finished with the first step
    StreamId gone = new StreamId("gone-1");
    StreamId kept = new StreamId("kept-1");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 40; i++) {
        commit(storage, i, i % 2 == 0 ? gone : kept);
      }
      commitChange(storage, gone, storage.streamHead(gone));
      try (ArchivePass pass =
          storage.movedEvents().move(Long.MAX_VALUE, () -> TIME, new UUID(8, ++passes), _ -> {})) {
        pass.next(); // copies
        reclaim(storage);
        run(pass);
      }
      assertReclaimed(storage, gone, kept);
      assertSound(storage);
      assertThat(storage.archive().segments().stream().mapToLong(ArchiveSegment::events).sum())
          .isEqualTo(21);
      assertThat(storage.archive().segments())
          .last()
          .extracting(ArchiveSegment::file)
          .asString()
          .endsWith("-1");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_scavenge_of_other_events_leaves_a_file_that_is_being_written_alone(boolean behind)
      throws IOException {
    segmentBytes = 1 << 30; // so that it is not finished with the first step
    StreamId gone = new StreamId("gone-1");
    StreamId kept = new StreamId("kept-1");
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (int i = 0; i < 40; i++) {
        commit(storage, i, (i < 20) == behind ? kept : gone);
      }
      commitChange(storage, gone, storage.streamHead(gone));
      if (!behind) {
        move(storage, 21);
      }
      try (ArchivePass pass =
          storage
              .movedEvents()
              .move(behind ? 21 : 41, () -> TIME, new UUID(8, ++passes), _ -> {})) {
        pass.next(); // copies
        reclaim(storage);
        run(pass);
      }
      assertReclaimed(storage, gone, kept);
      assertSound(storage);
      assertThat(storage.archive().segments().getLast().file())
          .as("the first file that the pass has begun")
          .endsWith("-0");
    }
  }

  private void assertReclaimed(RocksDbEventStorage storage, StreamId gone, StreamId kept) {
    long head = storage.head().position();
    List<StreamId> inLog = new ArrayList<>();
    for (EventRun run : storage.readLog(1, head, Integer.MAX_VALUE).runs()) {
      run.events().forEach(event -> inLog.add(event.summary().stream()));
    }
    assertThat(inLog).doesNotContain(gone).contains(kept, StreamChange.STREAM).hasSize(21);
    assertThat(Pages.positions(storage.readLogBackwards(head, 1, 100))).isNotEmpty();
    assertThat(storage.figures().events()).isEqualTo(21);
    for (LogModel.Entry entry : model.entries()) {
      assertThat(storage.placeOf(entry.id()) == null).isEqualTo(entry.stream().equals(gone));
    }
    StreamHead of = storage.streamHead(kept);
    assertThat(storage.readStream(of.number(), 1, of.version(), Integer.MAX_VALUE).count())
        .isEqualTo(20);
    assertThat(storage.streamHead(gone).version()).isEqualTo(20);
    Query query = new Query(List.of(new Query.Item(Set.of(), Set.of(), List.of(), Set.of("gone"))));
    assertThat(new MatchFinder(storage).firstMatch(query, 1, Long.MAX_VALUE)).isZero();
  }

  // ---- little things

  private void commit(RocksDbEventStorage storage, int second, StreamId stream) {
    model.commit(storage, TIME.plusSeconds(second), List.of(draft(stream, second)));
  }

  private void commitChange(RocksDbEventStorage storage, StreamId stream, StreamHead head) {
    StreamChange change =
        new StreamChange(
            StreamChange.Kind.DELETED,
            stream,
            head.in(head.state().deletedAt(head.version())),
            "a test",
            "me");
    NewEvent event =
        new NewEvent(
            new RandomEvents(model.head()).id(),
            true,
            change.kind().eventType(),
            change.toJson(),
            StreamChange.CONTENT_TYPE,
            Map.of(),
            List.of(change.tag()),
            null);
    model.commit(
        storage, TIME.plusSeconds(50_000), List.of(new LogModel.Draft(StreamChange.STREAM, event)));
  }

  private static void reclaim(RocksDbEventStorage storage) {
    run(storage.scavenge(() -> TIME.plusSeconds(100_000)));
  }

  private static void run(Scavenge pass) {
    while (!pass.next().done()) {
      // step by step
    }
  }

  private void move(RocksDbEventStorage storage, long before) {
    try (ArchivePass pass =
        storage.archive().move(before, () -> TIME.plusSeconds(90_000), new UUID(8, ++passes))) {
      run(pass);
    }
  }

  private static void run(ArchivePass pass) {
    while (!pass.next().done()) {
      // step by step
    }
  }

  private static List<String> verify(RocksDbEventStorage storage, ArchiveSegment segment) {
    return storage.archive().verify(segment, _ -> {});
  }

  private static void assertSound(RocksDbEventStorage storage) {
    List<ArchiveSegment> segments = storage.archive().segments();
    long due = 1;
    for (ArchiveSegment segment : segments) {
      assertThat(segment.firstPosition()).isEqualTo(due);
      due = segment.lastPosition() + 1;
      assertThat(verify(storage, segment)).isEmpty();
    }
    assertThat(storage.archive().strayFiles()).isEmpty();
  }

  private List<String> answers(RocksDbEventStorage storage, long seed) {
    List<UUID> ids =
        model.entries().isEmpty()
            ? List.of()
            : model.entries().stream().map(LogModel.Entry::id).toList();
    return new Answers(storage, streams, types, ids).to(seed, QUESTIONS);
  }

  private void write(RocksDbEventStorage storage, long seed, int commits) {
    write(model, storage, seed, commits);
  }

  private void write(LogModel to, RocksDbEventStorage storage, long seed, int commits) {
    Random random = new Random(seed);
    RandomEvents events = new RandomEvents(random);
    streams.clear();
    for (int i = 0; i < 12; i++) {
      streams.add(new StreamId((char) ('a' + i % 5) + "-" + i));
    }
    Instant time = TIME;
    for (int i = 0; i < commits; i++) {
      time = time.plusMillis(random.nextInt(3));
      List<LogModel.Draft> drafts = new ArrayList<>();
      for (int j = random.nextInt(5); j >= 0; j--) {
        drafts.add(
            new LogModel.Draft(
                streams.get(random.nextInt(streams.size())),
                events.next(
                    types.get(random.nextInt(types.size())),
                    random.nextBoolean() ? List.of() : List.of("t" + random.nextInt(9)))));
      }
      to.commit(storage, time, drafts);
    }
  }

  private LogModel.Draft draft(StreamId stream, long seed) {
    return new LogModel.Draft(
        stream, new RandomEvents(1_000 + 31 * model.head() + seed).next("Noted", List.of("t1")));
  }

  private Path archive() {
    return temp.resolve("archive");
  }

  private List<Path> segmentFiles() throws IOException {
    try (var files = Files.walk(archive())) {
      return files.filter(file -> file.toString().endsWith(".segment")).sorted().toList();
    }
  }

  private List<Path> unfinishedFiles() throws IOException {
    try (var files = Files.walk(archive())) {
      return files.filter(file -> file.toString().endsWith(".unfinished")).toList();
    }
  }

  private Path folder(String name) throws IOException {
    Files.createDirectories(archive());
    return Files.createDirectories(temp.resolve(name));
  }

  private RocksDbEventStorage open(Path folder) {
    return RocksDbEventStorage.open(
        folder, SETTINGS, new UUID(1, 1), ArchivePlace.folder(archive(), segmentBytes), TINY);
  }
}
