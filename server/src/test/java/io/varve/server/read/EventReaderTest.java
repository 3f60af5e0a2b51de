package io.varve.server.read;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.LogModel.Entry;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.fixture.Pages;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.NotAtHandException;
import io.varve.server.storage.rocksdb.RocksDbEventStorage;
import io.varve.server.storage.rocksdb.StorageSettings;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventReaderTest {
  private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
  private static final InstantSource CLOCK = InstantSource.fixed(Instant.MAX);
  private static final StreamId NOWHERE = new StreamId("nowhere");

  @TempDir private Path folder;

  private final LogModel model = new LogModel();
  private final MemoryEventStorage memory = new MemoryEventStorage();

  // ---- the log

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void any_read_of_the_log_is_what_a_search_of_the_whole_list_finds(long seed) {
    Random random = new Random(seed);
    write(memory, random, 60);
    for (int i = 0; i < 700; i++) {
      assertReadsTheLog(
          memory,
          randomLogRead(random),
          1 + random.nextInt(4_000),
          "read " + i + " of seed " + seed);
    }
  }

  @Test
  void reads_from_rocksdb_are_the_same() {
    Random random = new Random(7);
    StorageSettings settings = new StorageSettings(1 << 20, 1 << 16, 1 << 16, 2);
    try (RocksDbEventStorage storage = RocksDbEventStorage.open(folder, settings, new UUID(1, 1))) {
      write(storage, random, 60);
      for (int i = 0; i < 300; i++) {
        assertReadsTheLog(storage, randomLogRead(random), 1 + random.nextInt(4_000), "log " + i);
        assertReadsAStream(storage, random, "stream " + i);
      }
    }
  }

  @Test
  void every_boundary_of_a_small_log_is_exact_in_both_directions() {
    write(memory, new Random(8), 3);
    long head = model.head();
    for (long from = 0; from <= head + 2; from++) {
      for (long to = 0; to <= head + 2; to++) {
        for (long limit = 0; limit <= head + 1; limit++) {
          for (boolean backwards : new boolean[] {false, true}) {
            assertReadsTheLog(
                memory,
                new LogRead(Query.everything(), from, to, null, null, backwards, limit),
                100,
                from + " to " + to + " limit " + limit + " backwards " + backwards);
          }
        }
      }
    }
  }

  @Test
  void times_are_inclusive_and_several_events_may_share_one() {
    write(memory, new Random(9), 12);
    List<Instant> times = new ArrayList<>();
    model.entries().stream()
        .map(Entry::recordedAt)
        .distinct()
        .forEach(time -> times.addAll(List.of(time.minusNanos(1), time, time.plusNanos(1))));
    for (Instant from : times) {
      for (Instant to : times) {
        for (boolean backwards : new boolean[] {false, true}) {
          assertReadsTheLog(
              memory,
              new LogRead(Query.everything(), 0, 0, from, to, backwards, 0),
              500,
              from + " to " + to + " backwards " + backwards);
        }
      }
    }
  }

  @Test
  void an_empty_log_is_read_to_its_end_at_once() {
    for (boolean backwards : new boolean[] {false, true}) {
      EventCursor cursor =
          new EventReader(memory, 100, CLOCK)
              .readLog(new LogRead(Query.everything(), 0, 0, START, START, backwards, 5));
      assertThat(cursor.isDone()).isTrue();
      assertThat(cursor.headPosition()).isZero();
      assertThat(cursor.next().isEmpty()).isTrue();
    }
  }

  @Test
  void a_read_ends_at_the_head_of_its_start_though_appends_go_on() {
    Random random = new Random(10);
    write(memory, random, 10);
    long headAtStart = model.head();
    StreamId stream = model.entries().getFirst().stream();
    int versionAtStart = model.stream(stream).size();
    EventReader reader = new EventReader(memory, 300, CLOCK);
    EventCursor log = reader.readLog(new LogRead(Query.everything(), 0, 0, null, null, false, 0));
    EventCursor events = found(reader.readStream(new StreamRead(stream, 0, false, 0, null)));
    List<Long> fromLog = new ArrayList<>();
    List<Long> fromStream = new ArrayList<>();
    while (!log.isDone() || !events.isDone()) {
      fromLog.addAll(Pages.positions(log.next()));
      fromStream.addAll(Pages.positions(events.next()));
      write(memory, random, 1);
    }

    assertThat(fromLog).hasSize((int) headAtStart).last().isEqualTo(headAtStart);
    assertThat(fromStream).hasSize(versionAtStart);
    assertThat(log.headPosition()).isEqualTo(headAtStart);
    assertThat(events.headPosition()).isEqualTo(headAtStart);
  }

  @Test
  void what_is_in_the_index_but_not_below_the_head_yet_is_not_seen() {
    write(memory, new Random(11), 5);
    StreamId known = model.entries().getFirst().stream();
    StreamId created = new StreamId("brand-new");
    long head = model.head();
    EventReader reader = new EventReader(memory, 300, CLOCK);
    int before = model.stream(known).size();
    List<Object> seen = new ArrayList<>();
    memory.beforeHead(
        () -> {
          seen.add(reader.headOf(known, head).version());
          seen.add(!reader.headOf(created, head).exists());
          seen.add(isNotFound(reader.readStream(new StreamRead(created, 0, false, 0, null))));
          seen.add(read(found(reader.readStream(new StreamRead(known, 0, true, 0, null)))).size());
          seen.add(isNotFound(reader.eventOf(known, before + 1L)));
          seen.add(reader.eventWith(new UUID(99, 1)) == null);
          seen.add(reader.eventAt(head + 1) == null);
        });

    NewEvent first =
        new NewEvent(new UUID(99, 1), false, "T", new byte[0], "", Map.of(), List.of(), null);
    NewEvent second =
        new NewEvent(new UUID(99, 2), false, "T", new byte[0], "", Map.of(), List.of(), null);
    model.commit(
        memory,
        START.plusSeconds(9999),
        List.of(new Draft(known, first), new Draft(created, second)));

    assertThat(seen).containsExactly((long) before, true, true, before, true, true, true);
    assertThat(reader.headOf(created, head + 2).exists()).isTrue();
  }

  // ---- streams

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24})
  void any_read_of_a_stream_is_what_a_search_of_the_whole_list_finds(long seed) {
    Random random = new Random(seed);
    write(memory, random, 60);
    for (int i = 0; i < 500; i++) {
      assertReadsAStream(memory, random, "read " + i + " of seed " + seed);
    }
  }

  @Test
  void a_stream_that_does_not_exist_is_told_from_one_with_nothing_in_range() {
    write(memory, new Random(25), 5);
    StreamId stream = model.entries().getFirst().stream();
    EventReader reader = new EventReader(memory, 300, CLOCK);

    assertThat(isNotFound(reader.readStream(new StreamRead(NOWHERE, 0, false, 0, null)))).isTrue();
    assertThat(found(reader.readStream(new StreamRead(stream, 1_000, false, 0, null))).isDone())
        .isTrue();
    EventCursor before =
        found(reader.readStream(new StreamRead(stream, 0, false, 0, START.minusSeconds(1))));
    assertThat(before.isDone()).isTrue();
  }

  @Test
  void a_stream_stood_at_each_head_where_it_did() {
    write(memory, new Random(26), 20);
    EventReader reader = new EventReader(memory, 300, CLOCK);
    for (StreamId stream : streams()) {
      for (long head = 0; head <= model.head(); head++) {
        long position = head;
        long version =
            model.stream(stream).stream().filter(entry -> entry.position() <= position).count();
        assertThat(reader.headOf(stream, head).version()).isEqualTo(version);
      }
    }
  }

  // ---- single events

  @Test
  void each_event_is_found_by_position_by_id_and_by_version() {
    write(memory, new Random(27), 20);
    EventReader reader = new EventReader(memory, 300, CLOCK);
    for (Entry entry : model.entries()) {
      for (EncodedEvent found :
          Arrays.asList(
              reader.eventAt(entry.position()),
              reader.eventWith(entry.id()),
              found(reader.eventOf(entry.stream(), entry.version())))) {
        assertThat(requireNonNull(found).decode().id()).isEqualTo(entry.id());
      }
    }
    assertThat(reader.eventAt(0)).isNull();
    assertThat(reader.eventAt(model.head() + 1)).isNull();
    assertThat(reader.eventWith(new UUID(5, 5))).isNull();
    StreamId stream = model.entries().getFirst().stream();
    assertThat(isNotFound(reader.eventOf(stream, 0))).isTrue();
    assertThat(isNotFound(reader.eventOf(stream, model.stream(stream).size() + 1L))).isTrue();
    assertThat(isNotFound(reader.eventOf(NOWHERE, 1))).isTrue();
  }

  // ---- helpers

  private void write(EventStorage storage, Random random, int commits) {
    for (int i = 0; i < commits; i++) {
      List<Draft> drafts = new ArrayList<>();
      for (int j = 1 + random.nextInt(6); j > 0; j--) {
        List<String> tags = new ArrayList<>();
        for (String tag : List.of("x", "y", "z")) {
          if (random.nextBoolean()) {
            tags.add(tag);
          }
        }
        NewEvent event =
            new NewEvent(
                new UUID(random.nextLong(), random.nextLong()),
                false,
                "T" + random.nextInt(4),
                new byte[random.nextInt(400)],
                "",
                Map.of(),
                tags,
                null);
        drafts.add(
            new Draft(
                new StreamId(List.of("a-1", "a-2", "b-1", "b", "c").get(random.nextInt(5))),
                event));
      }
      model.commit(
          storage, START.plusSeconds(model.head() / 20).plusMillis(model.head() / 7), drafts);
    }
  }

  private List<StreamId> streams() {
    return model.entries().stream().map(Entry::stream).distinct().toList();
  }

  private LogRead randomLogRead(Random random) {
    return new LogRead(
        randomQuery(random),
        randomPlace(random),
        randomPlace(random),
        randomTime(random),
        randomTime(random),
        random.nextBoolean(),
        random.nextBoolean() ? 0 : random.nextInt(30));
  }

  private long randomPlace(Random random) {
    return random.nextInt(3) == 0 ? 0 : random.nextLong(model.head() + 5);
  }

  private @Nullable Instant randomTime(Random random) {
    if (random.nextInt(3) > 0) {
      return null;
    }
    Instant time = model.entries().get(random.nextInt((int) model.head())).recordedAt();
    return time.plusNanos(random.nextInt(3) - 1L);
  }

  private static Query randomQuery(Random random) {
    List<Query.Item> items = new ArrayList<>();
    for (int i = random.nextInt(4) - 1; i > 0; i--) {
      items.add(
          new Query.Item(
              some(random, "T0", "T1", "T2", "T9"),
              some(random, "x", "y", "z"),
              List.copyOf(some(random, "a", "a-1", "b-", "c")),
              some(random, "a", "b", "c", "d"),
              random.nextInt(3) > 0 ? Set.of() : some(random, "a-1", "a-2", "b-1")));
    }
    return new Query(items);
  }

  private static Set<String> some(Random random, String... values) {
    Set<String> some = new HashSet<>();
    if (random.nextBoolean()) {
      for (String value : values) {
        if (random.nextInt(3) == 0) {
          some.add(value);
        }
      }
    }
    return some;
  }

  private void assertReadsTheLog(EventStorage storage, LogRead read, int pageBytes, String what) {
    Stream<Entry> expected =
        model.entries().stream()
            .filter(entry -> matches(read.query(), entry))
            .filter(entry -> within(entry.position(), low(read), high(read)));
    Instant earliest = read.backwards() ? read.toTime() : read.fromTime();
    Instant latest = read.backwards() ? read.fromTime() : read.toTime();
    expected =
        expected
            .filter(entry -> earliest == null || !entry.recordedAt().isBefore(earliest))
            .filter(entry -> latest == null || !entry.recordedAt().isAfter(latest));
    List<Long> positions =
        directed(expected.map(Entry::position).toList(), read.backwards(), read.limit());

    EventCursor cursor = new EventReader(storage, pageBytes, CLOCK).readLog(read);

    assertThat(read(cursor)).as("%s: %s", what, read).isEqualTo(positions);
    assertThat(cursor.headPosition()).isEqualTo(model.head());
  }

  private static long low(LogRead read) {
    return read.backwards() ? read.toPosition() : read.fromPosition();
  }

  private static long high(LogRead read) {
    return read.backwards() ? read.fromPosition() : read.toPosition();
  }

  private void assertReadsAStream(EventStorage storage, Random random, String what) {
    StreamId stream = streams().get(random.nextInt(streams().size()));
    long from = random.nextInt(3) == 0 ? 0 : random.nextInt(model.stream(stream).size() + 4);
    boolean backwards = random.nextBoolean();
    Instant asOf = randomTime(random);
    StreamRead read =
        new StreamRead(
            stream, from, backwards, random.nextBoolean() ? 0 : random.nextInt(30), asOf);
    List<Long> positions =
        directed(
            model.stream(stream).stream()
                .filter(entry -> asOf == null || !entry.recordedAt().isAfter(asOf))
                .filter(
                    entry -> backwards ? within(entry.version(), 0, from) : entry.version() >= from)
                .map(Entry::position)
                .toList(),
            backwards,
            read.limit());

    EventCursor cursor =
        found(new EventReader(storage, 1 + random.nextInt(4_000), CLOCK).readStream(read));

    assertThat(read(cursor)).as("%s: %s", what, read).isEqualTo(positions);
  }

  private static <T> T found(StreamLookUp<T> lookUp) {
    assertThat(lookUp).isInstanceOf(StreamLookUp.Found.class);
    return ((StreamLookUp.Found<T>) lookUp).value();
  }

  private static boolean isNotFound(StreamLookUp<?> lookUp) {
    return lookUp instanceof StreamLookUp.NotFound;
  }

  private static boolean within(long place, long low, long high) {
    return place >= low && (high == 0 || place <= high);
  }

  private static List<Long> directed(List<Long> rising, boolean backwards, long limit) {
    List<Long> directed = backwards ? rising.reversed() : rising;
    return limit == 0 || limit >= directed.size() ? directed : directed.subList(0, (int) limit);
  }

  /** The query's rules again, in their own words. */
  private static boolean matches(Query query, Entry entry) {
    if (query.items().isEmpty()) {
      return true;
    }
    for (Query.Item item : query.items()) {
      String name = entry.stream().value();
      boolean type = item.types().isEmpty() || item.types().contains(entry.type());
      boolean tags = entry.tags().containsAll(item.tags());
      boolean prefix = item.streamPrefixes().isEmpty();
      for (String start : item.streamPrefixes()) {
        prefix |= name.startsWith(start);
      }
      boolean category =
          item.categories().isEmpty() || item.categories().contains(name.split("-", -1)[0]);
      boolean stream = item.streams().isEmpty() || item.streams().contains(name);
      if (type && tags && prefix && category && stream) {
        return true;
      }
    }
    return false;
  }

  private static List<Long> read(EventCursor cursor) {
    List<Long> positions = new ArrayList<>();
    for (int pages = 0; !cursor.isDone(); pages++) {
      assertThat(pages).as("pages, so that a read comes to its end").isLessThan(5_000);
      EventPage page = cursor.next();
      assertThat(page.count()).isEqualTo(Pages.events(page).size());
      positions.addAll(Pages.positions(page));
    }
    assertThat(cursor.next().isEmpty()).isTrue();
    return positions;
  }

  // ---- without waiting

  @Test
  void where_nothing_is_in_memory_it_is_looked_for_only_now_and_then() {
    EventReader reader = new EventReader(memory, 1000, CLOCK);
    int[] looked = {0};
    Runnable miss =
        () -> {
          looked[0]++;
          throw new NotAtHandException();
        };
    for (int i = 0; i < 8 + 160; i++) {
      assertThatThrownBy(() -> reader.atHand(miss)).isInstanceOf(NotAtHandException.class);
    }
    assertThat(looked[0]).isBetween(8 + 9, 8 + 11);

    int[] found = {0};
    for (int i = 0; i < 100; i++) {
      try {
        reader.atHand(() -> found[0]++);
      } catch (NotAtHandException e) {
        assertThat(found[0]).as("once something was found all is looked for").isZero();
      }
    }
    assertThat(found[0]).isGreaterThan(80);
  }

  @Test
  void large_pages_are_not_looked_for_in_memory() {
    EventReader reader = new EventReader(memory, 1 << 20, CLOCK);
    assertThatThrownBy(() -> reader.atHand(() -> {})).isInstanceOf(NotAtHandException.class);
  }
}
