package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.LogModel.Entry;
import io.varve.server.fixture.Pages;
import io.varve.server.query.LogPages;
import io.varve.server.query.MatchFinder;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.NamedStream;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries on the index of RocksDB, held against a search of the whole list of events. */
class RocksDbQueriesTest {
  private static final StorageSettings SETTINGS =
      new StorageSettings(4 << 20, 128 << 10, 128 << 10, 2);
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final long FOR_EVER = Long.MAX_VALUE;

  /** Segments of a few events, and hardly a prefix whose streams are merged. */
  private static final IndexBounds TINY = new IndexBounds(7, 2_000, 3, 2);

  private static final IndexBounds SMALL = new IndexBounds(40, 1 << 20, 100, 100);

  @TempDir private Path temp;

  private final LogModel model = new LogModel();

  // ---- whatever is asked

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void what_is_found_is_what_a_search_of_the_whole_list_finds(long seed) throws IOException {
    Random random = new Random(seed);
    IndexBounds bounds = seed % 2 == 0 ? SMALL : TINY;
    Path folder = Files.createDirectories(temp.resolve("data"));
    for (int life = 0; life < 3; life++) {
      try (RocksDbEventStorage storage = open(folder, bounds)) {
        assertAnswers(storage, random, 100);
        for (int i = 0; i < 6; i++) {
          write(
              storage, random, 1 + random.nextInt(12), 1 + random.nextInt(1 << random.nextInt(7)));
          assertAnswers(storage, random, 40);
        }
        write(storage, random, 20, 3);
      }
      Folders.verify(folder, model.head(), bounds);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14})
  void a_killed_process_leaves_an_index_that_answers_as_one_that_is_built_again(long seed)
      throws IOException {
    Random random = new Random(seed);
    IndexBounds bounds = seed % 2 == 0 ? SMALL : TINY;
    Path folder = Files.createDirectories(temp.resolve("0"));
    for (int life = 1; life <= 5; life++) {
      Path killed = temp.resolve(Integer.toString(life));
      try (RocksDbEventStorage storage = open(folder, bounds)) {
        assertAnswers(storage, random, 50);
        write(storage, random, 1 + random.nextInt(20), 1 + random.nextInt(60));
        Folders.copy(folder, killed);
      }
      folder = killed;
    }
    open(folder, bounds).close();
    Folders.verify(folder, model.head(), bounds);
    Map<String, String> lived = index(folder);
    Folders.delete(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder, bounds)) {
      assertAnswers(storage, random, 50);
    }
    Folders.verify(folder, model.head(), bounds);
    assertThat(index(folder)).isEqualTo(lived);
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23})
  void what_has_been_added_is_found_before_it_is_written_and_by_readers_only_after(long seed)
      throws IOException {
    Random random = new Random(seed);
    Path folder = Files.createDirectories(temp.resolve("data"));
    try (RocksDbEventStorage storage = open(folder, seed % 2 == 0 ? SMALL : TINY)) {
      Deque<Commit> waiting = new ArrayDeque<>();
      for (int i = 0; i < 60; i++) {
        if (waiting.size() < 4 && random.nextInt(3) > 0) {
          waiting.add(
              model.accept(
                  storage, TIME.plusMillis(model.head()), drafts(random, 1 + random.nextInt(30))));
        } else if (!waiting.isEmpty()) {
          waiting.remove().write();
        }
        for (int j = 0; j < 10; j++) {
          assertFirstAndLast(storage, randomQuery(random), random);
        }
        assertReads(storage, randomQuery(random), random);
        assertCounts(storage, random);
      }
    }
  }

  // ---- where segments end

  @Test
  void every_event_is_found_wherever_segments_end() throws IOException {
    int size = 5;
    for (int commit = 1; commit <= 12; commit++) {
      LogModel log = new LogModel();
      Path folder = Files.createDirectories(temp.resolve("by-" + commit));
      try (RocksDbEventStorage storage = open(folder, new IndexBounds(size, 1 << 20, 100, 100))) {
        for (int i = 0; i < 5; i++) {
          List<Draft> drafts = new ArrayList<>();
          for (int j = 0; j < commit; j++) {
            drafts.add(draft("s-" + (log.head() + j), "T" + (log.head() + j + 1), List.of()));
          }
          log.commit(storage, TIME, drafts);
          MatchFinder finder = new MatchFinder(storage);
          for (long position = 1; position <= log.head(); position++) {
            Query query = types("T" + position);
            assertThat(finder.firstMatch(query, 1, FOR_EVER)).isEqualTo(position);
            assertThat(finder.lastMatch(query, position, position)).isEqualTo(position);
            assertThat(finder.firstMatch(query, position + 1, FOR_EVER)).isZero();
            assertThat(finder.lastMatch(query, 1, position - 1)).isZero();
            assertThat(finder.firstMatch(prefix("s-" + (position - 1)), position, position))
                .isEqualTo(position);
          }
        }
      }
    }
  }

  @Test
  void a_commit_larger_than_a_segment_closes_several() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("data"));
    Random random = new Random(31);
    try (RocksDbEventStorage storage = open(folder, TINY)) {
      Commit large = model.accept(storage, TIME, drafts(random, 200));
      for (int i = 0; i < 50; i++) {
        assertFirstAndLast(storage, randomQuery(random), random);
      }
      large.write();
      assertAnswers(storage, random, 100);
    }
    Folders.verify(folder, model.head(), TINY);
  }

  @Test
  void a_condition_with_a_thousand_terms_is_exact_near_the_head_and_far_from_it()
      throws IOException {
    Path folder = Files.createDirectories(temp.resolve("data"));
    String[] types = IntStream.range(0, 1_000).mapToObj(i -> "none" + i).toArray(String[]::new);
    types[500] = "rare";
    Random random = new Random(41);
    try (RocksDbEventStorage storage = open(folder, SMALL)) {
      write(storage, random, 20, 30);
      Query query = types(types);
      for (int distance = 0; distance < model.head(); distance += 7) {
        long from = model.head() - distance;
        List<Long> matching = matching(query, from, FOR_EVER);
        assertThat(new MatchFinder(storage).firstMatch(query, from, FOR_EVER))
            .isEqualTo(matching.isEmpty() ? 0 : matching.getFirst());
      }
    }
  }

  @Test
  void many_large_tags_close_a_segment_early() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("data"));
    try (RocksDbEventStorage storage = RocksDbEventStorage.open(folder, SETTINGS, new UUID(1, 1))) {
      for (int i = 0; i < 50; i++) {
        List<Draft> drafts = new ArrayList<>();
        for (int j = 0; j < 10; j++) {
          int event = 10 * i + j;
          drafts.add(
              draft(
                  "s",
                  "T",
                  IntStream.range(0, 64).mapToObj(tag -> event + "x".repeat(250) + tag).toList()));
        }
        model.commit(storage, TIME, drafts);
      }
      for (int event : new int[] {0, 1, 100, 250, 499}) {
        String tag = event + "x".repeat(250) + 63;
        assertThat(new MatchFinder(storage).firstMatch(tags(tag), 1, FOR_EVER))
            .isEqualTo(event + 1);
      }
      assertThat(new MatchFinder(storage).firstMatch(tags("x".repeat(250)), 1, FOR_EVER)).isZero();
    }
    Folders.verify(folder, model.head());
    Set<Long> segments = new HashSet<>();
    Folders.visit(
        folder.resolve("index"),
        (family, key, _) -> {
          if (family.equals("by_type")) {
            segments.add(Postings.segmentOf(key));
          }
        });
    assertThat(segments).hasSizeBetween(3, 50);
  }

  @Test
  void terms_that_begin_alike_stay_apart() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("data"));
    List<String> terms = List.of("a", "ab", "a b", "a-", "A", "a\u0000", "a\u0000b", "ä", "\u0000");
    try (RocksDbEventStorage storage = open(folder, TINY)) {
      for (int i = 0; i < 20; i++) {
        for (String term : terms) {
          model.commit(storage, TIME, List.of(draft("s", term, List.of(term))));
        }
      }
      for (String term : terms) {
        List<Long> expected =
            model.entries().stream()
                .filter(entry -> entry.type().equals(term))
                .map(Entry::position)
                .toList();
        assertThat(read(storage, types(term), 1, model.head(), 1_000)).isEqualTo(expected);
        assertThat(read(storage, tags(term), 1, model.head(), 1_000)).isEqualTo(expected);
        assertThat(readBackwards(storage, tags(term), model.head(), 1, 1_000))
            .isEqualTo(expected.reversed());
      }
      assertThat(new MatchFinder(storage).firstMatch(types("b"), 1, FOR_EVER)).isZero();
    }
  }

  // ---- readers at work

  @Test
  void readers_miss_nothing_below_the_head_while_segments_close() throws Exception {
    Path folder = Files.createDirectories(temp.resolve("data"));
    int events = 30_000;
    AtomicBoolean done = new AtomicBoolean();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    try (RocksDbEventStorage storage = open(folder, SMALL)) {
      List<Thread> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Random random = new Random(i);
        Thread reader =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        while (!done.get()) {
                          assertPatternBelowTheHead(storage, random);
                        }
                      } catch (Throwable e) {
                        failure.set(e);
                      }
                    });
        readers.add(reader);
      }
      Random random = new Random(99);
      long next = 1;
      Deque<Commit> waiting = new ArrayDeque<>();
      while (next <= events && failure.get() == null) {
        List<Draft> drafts = new ArrayList<>();
        for (int j = 1 + random.nextInt(1 << random.nextInt(8)); j > 0; j--) {
          long position = next++;
          drafts.add(
              draft(
                  "m" + position % 11 + "-x",
                  "T" + position % 3,
                  List.of("five" + position % 5, "seven" + position % 7)));
        }
        // One commit is built while the one before is written, as the commit path does.
        waiting.add(model.accept(storage, TIME, drafts));
        if (waiting.size() > 1) {
          waiting.remove().write();
        }
      }
      waiting.forEach(Commit::write);
      done.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
      assertThat(failure.get()).isNull();
      assertPatternBelowTheHead(storage, random);
    }
    Folders.verify(folder, model.head(), SMALL);
  }

  /** Event n has properties that can be told from n, so that readers need no model. */
  private static void assertPatternBelowTheHead(EventStorage storage, Random random) {
    long head = storage.head().position();
    if (head == 0) {
      return;
    }
    int five = random.nextInt(5);
    int seven = random.nextInt(7);
    Query both = tags("five" + five, "seven" + seven);
    long from = Math.max(1, head - random.nextInt(300));
    List<Long> expected = new ArrayList<>();
    for (long position = from; position <= head; position++) {
      if (position % 5 == five && position % 7 == seven) {
        expected.add(position);
      }
    }
    MatchFinder finder = new MatchFinder(storage);
    assertThat(finder.firstMatch(both, from, head))
        .isEqualTo(expected.isEmpty() ? 0 : expected.getFirst());
    assertThat(finder.lastMatch(both, from, head))
        .isEqualTo(expected.isEmpty() ? 0 : expected.getLast());
    assertThat(read(storage, both, from, head, 1 + random.nextInt(2_000))).isEqualTo(expected);
    assertThat(readBackwards(storage, both, head, from, 500)).isEqualTo(expected.reversed());
    int eleven = random.nextInt(11);
    long last = head - Math.floorMod(head - eleven, 11);
    assertThat(finder.lastMatch(prefix("m" + eleven + "-"), 1, head)).isEqualTo(Math.max(0, last));
    long counted =
        storage.termCounts(TermKind.TYPE, null, 10).stream().mapToLong(TermCount::count).sum();
    assertThat(counted).isGreaterThanOrEqualTo(head);
  }

  // ---- what the tests are made of

  private RocksDbEventStorage open(Path folder, IndexBounds bounds) {
    return RocksDbEventStorage.open(folder, SETTINGS, new UUID(1, 1), bounds);
  }

  private static Map<String, String> index(Path folder) {
    Map<String, String> entries = new TreeMap<>();
    Folders.visit(
        folder.resolve("index"),
        (family, key, value) -> entries.put(family + Arrays.toString(key), Arrays.toString(value)));
    return entries;
  }

  private void write(RocksDbEventStorage storage, Random random, int commits, int events) {
    for (int i = 0; i < commits; i++) {
      model.commit(storage, TIME.plusMillis(model.head()), drafts(random, events));
    }
  }

  private static List<Draft> drafts(Random random, int count) {
    List<Draft> drafts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drafts.add(
          draft(
              pick(random, "a-1", "a-2", "a-12", "a", "ab-1", "b-" + random.nextInt(40), "-", "c"),
              random.nextInt(50) == 0 ? "rare" : "T" + random.nextInt(3),
              List.copyOf(some(random, "x", "y", "z", "x1", "id" + random.nextInt(500)))));
    }
    return drafts;
  }

  private static Draft draft(String stream, String type, List<String> tags) {
    return new Draft(
        new StreamId(stream),
        new NewEvent(UUID.randomUUID(), false, type, new byte[20], "", Map.of(), tags, null));
  }

  private static String pick(Random random, String... values) {
    return values[random.nextInt(values.length)];
  }

  private static Set<String> some(Random random, String... values) {
    Set<String> some = new HashSet<>();
    for (String value : values) {
      if (random.nextInt(4) == 0) {
        some.add(value);
      }
    }
    return some;
  }

  private static Query randomQuery(Random random) {
    List<Query.Item> items = new ArrayList<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      items.add(
          new Query.Item(
              random.nextBoolean() ? Set.of() : some(random, "T0", "T1", "rare", "none"),
              random.nextBoolean() ? Set.of() : some(random, "x", "y", "x1", "id7", "none"),
              random.nextBoolean()
                  ? List.of()
                  : List.copyOf(some(random, "a", "a-1", "b-", "b-3", "-", "none", "c")),
              random.nextBoolean() ? Set.of() : some(random, "a", "b", "", "none"),
              random.nextInt(3) > 0 ? Set.of() : some(random, "a", "a-1", "b-3", "none")));
    }
    return random.nextInt(30) == 0 ? Query.everything() : new Query(items);
  }

  private static Query types(String... types) {
    return new Query(List.of(new Query.Item(Set.of(types), Set.of(), List.of(), Set.of())));
  }

  private static Query tags(String... tags) {
    return new Query(List.of(new Query.Item(Set.of(), Set.of(tags), List.of(), Set.of())));
  }

  private static Query prefix(String prefix) {
    return new Query(List.of(new Query.Item(Set.of(), Set.of(), List.of(prefix), Set.of())));
  }

  private List<Long> matching(Query query, long from, long to) {
    return model.entries().stream()
        .filter(entry -> entry.position() >= from && entry.position() <= to)
        .filter(entry -> query.matches(entry.stream().value(), entry.type(), entry.tags()))
        .map(Entry::position)
        .toList();
  }

  private void assertAnswers(EventStorage storage, Random random, int questions) {
    for (int i = 0; i < questions; i++) {
      Query query = randomQuery(random);
      assertFirstAndLast(storage, query, random);
      assertReads(storage, query, random);
    }
    assertCounts(storage, random);
    assertStreams(storage, random);
  }

  private void assertFirstAndLast(EventStorage storage, Query query, Random random) {
    long from = random.nextLong(model.head() + 3);
    long to = random.nextBoolean() ? FOR_EVER : random.nextLong(model.head() + 3);
    List<Long> matching = matching(query, from, to);
    MatchFinder finder = new MatchFinder(storage);
    assertThat(finder.firstMatch(query, from, to))
        .as("first %s in %d..%d of %d", query, from, to, model.head())
        .isEqualTo(matching.isEmpty() ? 0 : matching.getFirst());
    assertThat(finder.lastMatch(query, from, to))
        .as("last %s in %d..%d of %d", query, from, to, model.head())
        .isEqualTo(matching.isEmpty() ? 0 : matching.getLast());
  }

  private void assertReads(EventStorage storage, Query query, Random random) {
    long head = storage.head().position();
    if (head == 0) {
      return;
    }
    long from = 1 + random.nextLong(head);
    long to = from + random.nextLong(head - from + 1);
    int pageBytes = 1 + random.nextInt(random.nextInt(4) == 0 ? 500 : 50_000);
    List<Long> matching = matching(query, from, to);
    assertThat(read(storage, query, from, to, pageBytes))
        .as("%s in %d..%d of %d", query, from, to, head)
        .isEqualTo(matching);
    assertThat(readBackwards(storage, query, to, from, pageBytes))
        .as("%s in %d..%d of %d", query, to, from, head)
        .isEqualTo(matching.reversed());
    long limit = 1 + random.nextLong(10);
    EventPage page = new LogPages(storage, query).forwards(from, to, 1_000_000, limit);
    assertThat(Pages.positions(page)).isEqualTo(matching.stream().limit(limit).toList());
  }

  private static List<Long> read(
      EventStorage storage, Query query, long from, long to, int pageBytes) {
    LogPages pages = new LogPages(storage, query);
    List<Long> positions = new ArrayList<>();
    for (long next = from; next <= to; ) {
      EventPage page = pages.forwards(next, to, pageBytes, 0);
      assertThat(page.reached()).isBetween(next, to);
      positions.addAll(Pages.positions(page));
      next = page.reached() + 1;
    }
    return positions;
  }

  private static List<Long> readBackwards(
      EventStorage storage, Query query, long from, long to, int pageBytes) {
    LogPages pages = new LogPages(storage, query);
    List<Long> positions = new ArrayList<>();
    for (long next = from; next >= to; ) {
      EventPage page = pages.backwards(next, to, pageBytes, 0);
      assertThat(page.reached()).isBetween(to, next);
      positions.addAll(Pages.positions(page));
      next = page.reached() - 1;
    }
    return positions;
  }

  private void assertCounts(EventStorage storage, Random random) {
    long head = storage.head().position();
    List<Entry> visible = model.entries().subList(0, (int) head);
    for (TermKind kind : TermKind.values()) {
      Map<String, Long> expected = new TreeMap<>(); // all of it ASCII, so this is byte order
      for (Entry entry : visible) {
        List<String> terms =
            switch (kind) {
              case TYPE -> List.of(entry.type());
              case TAG -> entry.tags();
              case CATEGORY -> List.of(entry.stream().category());
            };
        terms.forEach(term -> expected.merge(term, 1L, Long::sum));
      }
      List<TermCount> counts = new ArrayList<>();
      int limit = 1 + random.nextInt(200);
      String after = null;
      while (true) {
        List<TermCount> page = storage.termCounts(kind, after, limit);
        assertThat(page.size()).isLessThanOrEqualTo(limit);
        if (page.isEmpty()) {
          break;
        }
        counts.addAll(page);
        after = page.getLast().text();
      }
      assertThat(counts)
          .isEqualTo(
              expected.entrySet().stream()
                  .map(entry -> new TermCount(entry.getKey(), entry.getValue()))
                  .toList());
    }
  }

  private void assertStreams(EventStorage storage, Random random) {
    String prefix = pick(random, "", "a", "a-1", "b-", "z", "-");
    List<NamedStream> expected =
        model.entries().stream()
            .filter(entry -> entry.stream().value().startsWith(prefix))
            .map(entry -> new NamedStream(entry.stream(), entry.streamNumber()))
            .distinct()
            .sorted((a, b) -> a.stream().value().compareTo(b.stream().value()))
            .toList();
    List<NamedStream> streams = new ArrayList<>();
    int limit = 1 + random.nextInt(5);
    String after = "";
    while (true) {
      List<NamedStream> page = storage.streams(prefix, after, limit);
      if (page.isEmpty()) {
        break;
      }
      streams.addAll(page);
      after = page.getLast().stream().value();
    }
    assertThat(streams).isEqualTo(expected);
  }
}
