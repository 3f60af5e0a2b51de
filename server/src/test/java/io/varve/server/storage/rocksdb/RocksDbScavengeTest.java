package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.Pages;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.query.LogPages;
import io.varve.server.query.MatchFinder;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.Scavenge;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.RocksDBException;

/** What is hidden is reclaimed, and nothing else, held against a list of all events. */
class RocksDbScavengeTest {
  private static final int MIB = 1 << 20;
  private static final StorageSettings SETTINGS =
      new StorageSettings(4 * MIB, 256 << 10, 256 << 10, 2);
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);
  private static final IndexBounds TINY = new IndexBounds(7, 1 << 20, 3, 2);
  private static final StreamId A = new StreamId("a-1");
  private static final StreamId B = new StreamId("b-1");

  @TempDir private Path temp;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Recorded(
      StreamId stream, long version, long position, Instant at, NewEvent event, byte[] encoded) {

    String category() {
      return stream.category();
    }
  }

  private final List<Recorded> all = new ArrayList<>();
  private final Map<StreamId, StreamHead> heads = new LinkedHashMap<>();
  private final Set<Long> reclaimed = new TreeSet<>();
  private final RandomEvents events = new RandomEvents(1);
  private IndexBounds bounds = IndexBounds.STANDARD;
  private long lastStreamNumber;
  private Path current = Path.of("");

  // ---- what is reclaimed

  @Test
  void a_deleted_stream_is_reclaimed_and_what_else_there_is_stays_as_it_was() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      append(storage, A, event("T"), event("T"));
      append(storage, B, event("T"));
      append(storage, A, event("T"));
      change(storage, A, StreamChange.Kind.DELETED, head -> head.state().deletedAt(head.version()));

      assertThat(scavenge(storage)).isEqualTo(3);

      assertThat(reclaimed).containsExactly(1L, 2L, 4L);
      assertHolds(storage);
      assertThat(storage.figures().events()).isEqualTo(2);
      assertThat(scavenge(storage)).as("a second one does nothing").isZero();
    }
    assertHoldsHowever(folder);
  }

  @Test
  void of_an_open_stream_whose_events_are_all_too_old_the_last_stays() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      append(storage, A, event("T"), event("T"), event("T"));
      change(
          storage,
          A,
          StreamChange.Kind.RETENTION_SET,
          head -> head.state().retaining(0, Duration.ofSeconds(1), 1));

      scavenge(storage);

      assertThat(reclaimed).containsExactly(1L, 2L);
      assertHolds(storage);
    }
    assertHoldsHowever(folder);
  }

  @Test
  void what_a_change_that_is_still_to_come_might_keep_is_not_too_old_yet() throws IOException {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (int i = 0; i < 5; i++) {
        append(storage, A, event("T")); // a second apart
      }
      change(
          storage,
          A,
          StreamChange.Kind.RETENTION_SET,
          head -> head.state().retaining(0, Duration.ofSeconds(3), 1));

      // By this clock four are too old; to a change recorded now, at the newest event's time, two.
      long count = run(storage.scavenge(() -> lastRecordedAt().plusSeconds(2)));

      assertThat(count).isEqualTo(2);
      assertThat(Pages.positions(storage.readLog(1, 6, MIB))).containsExactly(3L, 4L, 5L, 6L);
    }
  }

  @Test
  void a_retention_that_was_set_before_the_stream_began_leaves_the_time_of_its_creation()
      throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      change(
          storage, A, StreamChange.Kind.RETENTION_SET, head -> head.state().retaining(2, null, 1));
      for (int i = 0; i < 5; i++) {
        append(storage, A, event("T"));
      }

      scavenge(storage);

      assertThat(reclaimed).containsExactly(2L, 3L, 4L);
      assertHolds(storage);
    }
    assertHoldsHowever(folder);
  }

  @Test
  void a_stream_that_is_reclaimed_as_a_whole_goes_on_with_its_versions() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      append(storage, A, event("T"), event("T"));
      change(storage, A, StreamChange.Kind.DELETED, head -> head.state().deletedAt(head.version()));
      scavenge(storage);
      assertThat(storage.streamHead(A).version()).isEqualTo(2);
    }
    Folders.delete(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder)) {
      assertHolds(storage);
      append(storage, A, event("T"));
      assertHolds(storage);
      assertThat(storage.streamHead(A).version()).isEqualTo(3);
    }
    assertHoldsHowever(folder);
  }

  @Test
  void the_bytes_are_gone_from_the_disk() throws IOException {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 8; i++) {
        append(storage, A, event("T", MIB));
      }
      append(storage, B, event("T"));
      long before = storage.figures().diskBytes();
      change(storage, A, StreamChange.Kind.TOMBSTONED, head -> head.state().tombstonedAt(8));

      scavenge(storage);

      assertThat(before).isGreaterThan(16 * MIB);
      assertThat(storage.figures().diskBytes()).isLessThan(before / 2);
      assertHolds(storage);
    }
    assertHoldsHowever(folder);
    assertThat(FolderSize.of(folder.resolve("index"))).isLessThan(MIB);
  }

  @Test
  void an_id_that_was_given_again_before_the_index_forgot_the_old_event_keeps_its_place() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      NewEvent event = event("T");
      append(storage, A, event);
      change(storage, A, StreamChange.Kind.DELETED, head -> head.state().deletedAt(head.version()));
      reclaimHidden();

      run(storage.scavenge(() -> now(), () -> again(storage, event)));

      assertHolds(storage);
      assertThat(storage.placeOf(event.id())).isNotNull();
    }
  }

  private void again(RocksDbEventStorage storage, NewEvent event) {
    if (heads.getOrDefault(B, StreamHead.NONE).version() == 0) {
      append(storage, B, event);
    }
  }

  // ---- beside readers and writers

  @Test
  void a_read_whose_next_versions_are_reclaimed_goes_on_at_the_first_that_is_there() {
    try (RocksDbEventStorage storage = open(folder("data"))) {
      for (int i = 0; i < 20; i++) {
        append(storage, A, event("T"));
      }
      long number = storage.streamHead(A).number();
      EventPage first = storage.readStream(number, 1, 20, 1);
      assertThat(first.reached()).isEqualTo(1);
      change(storage, A, StreamChange.Kind.TRUNCATED, head -> head.state().truncatedBefore(10));
      scavenge(storage);

      EventPage rest = storage.readStream(number, first.reached() + 1, 20, MIB);
      EventPage single = storage.readStream(number, first.reached() + 1, 20, 1);

      assertThat(Pages.positions(rest)).startsWith(10L).hasSize(11);
      assertThat(rest.reached()).isEqualTo(20);
      assertThat(Pages.positions(single)).containsExactly(10L);
      assertThat(single.reached()).isEqualTo(10);
      assertThat(Pages.positions(storage.readStreamBackwards(number, 20, 2, MIB))).hasSize(11);
    }
  }

  @Test
  void an_event_that_is_missing_though_an_earlier_one_is_there_is_still_damage() {
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 5; i++) {
        append(storage, A, event("T"));
      }
      change(storage, A, StreamChange.Kind.TRUNCATED, head -> head.state().truncatedBefore(3));
      scavenge(storage);
    }
    Folders.open(
        folder.resolve("index"),
        false,
        (rocks, families) -> {
          try {
            rocks.delete(families.get("streams"), Keys.ofStreamVersion(1, 4));
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });
    try (RocksDbEventStorage storage = open(folder)) {
      assertThatThrownBy(() -> storage.readStream(1, 4, 5, MIB))
          .hasMessageContaining("no version 4");
    }
  }

  @Test
  void commits_go_on_between_the_steps() throws IOException {
    bounds = TINY;
    Path folder = folder("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int i = 0; i < 300; i++) {
        append(storage, i % 3 == 0 ? B : A, event("T"), event("U"));
      }
      change(storage, A, StreamChange.Kind.TRUNCATED, head -> head.state().truncatedBefore(390));
      reclaimHidden();
      int[] commits = {0};

      run(
          storage.scavenge(
              () -> now(),
              () -> {
                append(storage, A, event("T"));
                append(storage, B, event("U"));
                commits[0]++;
              }));

      assertThat(commits[0]).isGreaterThan(1);
      assertHolds(storage);
    }
    assertHoldsHowever(folder);
  }

  // ---- whatever happens

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whatever_happens_what_is_kept_is_there_and_what_was_reclaimed_is_not(long seed)
      throws IOException {
    Random random = new Random(seed);
    bounds = seed % 2 == 0 ? TINY : new IndexBounds(40, 1 << 20, 100, 100);
    Path folder = folder("0");
    for (int life = 1; life <= 6; life++) {
      Path next = temp.resolve(Integer.toString(life));
      boolean killed = false;
      try (RocksDbEventStorage storage = open(folder)) {
        for (int i = 0; i < 12; i++) {
          writeRandomly(storage, random);
          if (random.nextInt(3) == 0) {
            scavenge(storage);
            assertHolds(storage);
          }
        }
        switch (random.nextInt(3)) {
          case 0 -> { // dies between log and index
            reclaimHidden();
            int[] steps = {random.nextInt(4)};
            Scavenge scavenge =
                storage.scavenge(
                    () -> now(),
                    () -> {
                      if (steps[0]-- == 0) {
                        copy(current, next);
                        throw new IllegalStateException("killed");
                      }
                    });
            try {
              run(scavenge);
            } catch (IllegalStateException e) {
              killed = true;
            }
          }
          case 1 -> {
            Folders.copy(folder, next);
            killed = true;
          }
          default -> {}
        }
      }
      folder = killed ? next : folder;
      assertThat(Folders.findings(folder)).as("whatever the crash left half done").isEmpty();
      if (random.nextInt(4) == 0) {
        Folders.delete(folder.resolve("index"));
      }
      try (RocksDbEventStorage storage = open(folder)) {
        scavenge(storage);
        assertHolds(storage);
        assertThat(scavenge(storage)).isZero();
      }
      Folders.verify(folder, all.size(), bounds, reclaimed);
      assertThat(Folders.findings(folder)).isEmpty();
    }
    assertHoldsHowever(folder);
  }

  private static void copy(Path from, Path to) {
    try {
      Folders.copy(from, to);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void writeRandomly(RocksDbEventStorage storage, Random random) {
    StreamId stream = new StreamId("cat" + random.nextInt(2) + "-" + random.nextInt(6));
    StreamHead head = heads.getOrDefault(stream, StreamHead.NONE);
    if (random.nextInt(4) > 0) {
      if (head.life() != StreamLife.TOMBSTONED) {
        NewEvent[] drafts = new NewEvent[1 + random.nextInt(12)];
        for (int i = 0; i < drafts.length; i++) {
          drafts[i] = events.next("T" + random.nextInt(3), List.of("tag" + random.nextInt(3)));
        }
        append(storage, stream, drafts);
      }
      return;
    }
    if (head.life() == StreamLife.TOMBSTONED) {
      return;
    }
    switch (random.nextInt(head.exists() ? 5 : 1)) {
      case 0 ->
          change(
              storage,
              stream,
              StreamChange.Kind.RETENTION_SET,
              at ->
                  at.state()
                      .retaining(
                          random.nextInt(10),
                          random.nextBoolean() ? null : Duration.ofSeconds(1 + random.nextInt(200)),
                          firstKept(at, lastRecordedAt())));
      case 1, 2 -> {
        if (head.life() == StreamLife.OPEN) {
          change(
              storage,
              stream,
              StreamChange.Kind.TRUNCATED,
              at -> at.state().truncatedBefore(1 + random.nextLong(at.version() + 1)));
        }
      }
      case 3 -> {
        if (head.life() == StreamLife.OPEN) {
          change(
              storage, stream, StreamChange.Kind.DELETED, at -> at.state().deletedAt(at.version()));
        }
      }
      default -> {
        if (random.nextInt(4) == 0) {
          change(
              storage,
              stream,
              StreamChange.Kind.TOMBSTONED,
              at -> at.state().tombstonedAt(at.version()));
        }
      }
    }
  }

  // ---- scavenging

  /** Reclaims what is hidden, here too; returns how many events the storage says it was. */
  private long scavenge(RocksDbEventStorage storage) {
    reclaimHidden();
    return run(storage.scavenge(() -> now()));
  }

  private static long run(Scavenge scavenge) {
    long events = 0;
    while (true) {
      Scavenge.Step step = scavenge.next();
      events += step.events();
      if (step.done()) {
        return events;
      }
    }
  }

  private void reclaimHidden() {
    for (Recorded recorded : all) {
      StreamHead head = heads.getOrDefault(recorded.stream(), StreamHead.NONE);
      boolean isHidden = recorded.version() < firstKept(head, now().minusSeconds(5));
      boolean isLast = recorded.version() == head.version() && head.life() == StreamLife.OPEN;
      if (isHidden && !isLast && !recorded.stream().isSystem()) {
        reclaimed.add(recorded.position());
      }
    }
  }

  private long firstKept(StreamHead head, Instant now) {
    long first = head.state().firstKeptByCount(head.version());
    Duration maxAge = head.state().maxAge();
    if (maxAge == null || first > head.version()) {
      return first;
    }
    while (first <= head.version() && recorded(head, first).at().isBefore(now.minus(maxAge))) {
      first++;
    }
    return first;
  }

  private Recorded recorded(StreamHead head, long version) {
    return all.stream()
        .filter(r -> r.version() == version && head.equals(heads.get(r.stream())))
        .findFirst()
        .orElseThrow();
  }

  private Instant lastRecordedAt() {
    return TIME.plusSeconds(all.size());
  }

  private Instant now() {
    return lastRecordedAt().plusSeconds(60);
  }

  // ---- writing

  private void append(RocksDbEventStorage storage, StreamId stream, NewEvent... drafts) {
    Instant at = TIME.plusSeconds(all.size() + drafts.length);
    StreamHead head = heads.getOrDefault(stream, StreamHead.NONE);
    StreamHead stored = storage.streamHead(stream);
    long number = stored.number() == 0 ? ++lastStreamNumber : stored.number();
    Commit commit = storage.begin();
    for (NewEvent draft : drafts) {
      long position = all.size() + 1L;
      long version = head.version() + 1;
      byte[] body = EventCodec.encodeBody(stream, draft);
      byte[] header = EventCodec.encodeHeader(position, version, at);
      byte[] encoded = Arrays.copyOf(header, header.length + body.length);
      System.arraycopy(body, 0, encoded, header.length, body.length);
      commit.add(
          new AssignedEvent(
              stream, number, version, position, at, draft.id(), draft.type(), draft.tags(), body));
      all.add(new Recorded(stream, version, position, at, draft, encoded));
      Instant createdAt = head.exists() ? head.createdAt() : at;
      head = new StreamHead(0, version, position, at, createdAt, head.state());
    }
    heads.put(stream, head);
    commit.write();
  }

  private void change(
      RocksDbEventStorage storage,
      StreamId stream,
      StreamChange.Kind kind,
      Function<StreamHead, StreamState> newState) {
    StreamHead head = heads.getOrDefault(stream, StreamHead.NONE);
    head = head.in(newState.apply(head));
    heads.put(stream, head);
    StreamChange change = new StreamChange(kind, stream, head, "", "test");
    append(
        storage,
        StreamChange.STREAM,
        new NewEvent(
            events.id(),
            false,
            kind.eventType(),
            change.toJson(),
            StreamChange.CONTENT_TYPE,
            Map.of(),
            List.of(change.tag()),
            null));
  }

  private NewEvent event(String type) {
    return event(type, 100);
  }

  private NewEvent event(String type, int bytes) {
    return new NewEvent(
        events.id(), false, type, events.bytes(bytes), "", Map.of(), List.of("tag"), null);
  }

  // ---- looking

  /** The same after closing, after the index was built again, and entry by entry. */
  private void assertHoldsHowever(Path folder) throws IOException {
    try (RocksDbEventStorage storage = open(folder)) {
      assertHolds(storage);
    }
    Folders.verify(folder, all.size(), bounds, reclaimed);
    Folders.delete(folder.resolve("index"));
    try (RocksDbEventStorage storage = open(folder)) {
      assertHolds(storage);
    }
    Folders.verify(folder, all.size(), bounds, reclaimed);
  }

  private void assertHolds(RocksDbEventStorage storage) {
    long head = all.size();
    List<Recorded> kept =
        all.stream().filter(event -> !reclaimed.contains(event.position())).toList();
    assertThat(storage.head().position()).isEqualTo(head);
    assertSame(Pages.bytes(storage.readLog(1, head, Integer.MAX_VALUE)), kept);
    assertSame(Pages.bytes(storage.readLogBackwards(head, 1, Integer.MAX_VALUE)), kept.reversed());
    List<Long> paged = new ArrayList<>();
    for (long next = 1; next <= head; ) {
      EventPage page = storage.readLog(next, head, 1_000);
      paged.addAll(Pages.positions(page));
      next = page.reached() + 1;
    }
    assertThat(paged).isEqualTo(kept.stream().map(Recorded::position).toList());
    heads.forEach((stream, known) -> assertStream(storage, stream, known, kept));
    Map<UUID, Recorded> byId = new HashMap<>();
    kept.forEach(event -> byId.put(event.event().id(), event));
    for (Recorded event : all) {
      Recorded there = byId.get(event.event().id());
      EventPlace place = storage.placeOf(event.event().id());
      assertThat(place == null ? 0 : place.position())
          .isEqualTo(there == null ? 0 : there.position());
    }
    assertThat(storage.figures().events()).isEqualTo(kept.size());
    assertTypes(storage, kept);
    Map<String, Long> categories = new TreeMap<>();
    kept.forEach(event -> categories.merge(event.category(), 1L, Long::sum));
    assertThat(counts(storage, TermKind.CATEGORY)).isEqualTo(categories);
  }

  private void assertTypes(RocksDbEventStorage storage, List<Recorded> kept) {
    Map<String, List<Long>> byType = new TreeMap<>();
    for (Recorded event : kept) {
      byType.computeIfAbsent(event.event().type(), _ -> new ArrayList<>()).add(event.position());
    }
    Map<String, Long> expected = new TreeMap<>();
    byType.forEach((type, positions) -> expected.put(type, (long) positions.size()));
    assertThat(counts(storage, TermKind.TYPE)).isEqualTo(expected);
    byType.forEach(
        (type, positions) -> {
          Query query =
              new Query(List.of(new Query.Item(Set.of(type), Set.of(), List.of(), Set.of())));
          EventPage page =
              new LogPages(storage, query).forwards(1, all.size(), Integer.MAX_VALUE, 0);
          assertThat(Pages.positions(page)).isSubsetOf(positions);
          assertThat(new MatchFinder(storage).firstMatch(query, 1, Long.MAX_VALUE))
              .isEqualTo(positions.getFirst());
        });
  }

  private static Map<String, Long> counts(RocksDbEventStorage storage, TermKind kind) {
    Map<String, Long> counts = new TreeMap<>();
    for (TermCount count : storage.termCounts(kind, null, 1_000)) {
      counts.put(count.text(), count.count());
    }
    return counts;
  }

  private void assertStream(
      RocksDbEventStorage storage, StreamId stream, StreamHead known, List<Recorded> kept) {
    StreamHead stored = storage.streamHead(stream);
    assertThat(
            new StreamHead(
                0,
                stored.version(),
                stored.lastPosition(),
                stored.lastRecordedAt(),
                stored.createdAt(),
                stored.state()))
        .as("%s", stream)
        .isEqualTo(known);
    List<Recorded> there = kept.stream().filter(e -> e.stream().equals(stream)).toList();
    if (known.exists()) {
      assertSame(
          Pages.bytes(storage.readStream(stored.number(), 1, known.version(), Integer.MAX_VALUE)),
          there);
      assertSame(
          Pages.bytes(
              storage.readStreamBackwards(stored.number(), known.version(), 1, Integer.MAX_VALUE)),
          there.reversed());
    }
  }

  private static void assertSame(List<byte[]> actual, List<Recorded> expected) {
    assertThat(actual)
        .usingElementComparator(Arrays::compare)
        .isEqualTo(expected.stream().map(Recorded::encoded).toList());
  }

  private Path folder(String name) {
    try {
      return Files.createDirectories(temp.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private RocksDbEventStorage open(Path folder) {
    current = folder;
    RocksDbEventStorage storage =
        RocksDbEventStorage.open(folder, SETTINGS, new UUID(1, 1), bounds);
    lastStreamNumber = storage.lastStreamNumber();
    return storage;
  }
}
