package io.varve.server.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.fixture.MemoryEventStorage;
import io.varve.server.fixture.Pages;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventPage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueriesTest {
  private static final Instant TIME = Instant.parse("2026-03-01T12:00:00Z");
  private static final long FOR_EVER = Long.MAX_VALUE;

  private final MemoryEventStorage storage = new MemoryEventStorage();
  private final LogModel model = new LogModel();
  private final MatchFinder finder = new MatchFinder(storage);

  private static Draft draft(String type) {
    return new Draft(
        new StreamId("s-" + type),
        new NewEvent(
            UUID.randomUUID(), false, type, new byte[30], "", Map.of(), List.of("t"), null));
  }

  private static Query type(String... types) {
    return new Query(List.of(new Query.Item(Set.of(types), Set.of(), List.of(), Set.of())));
  }

  private void write(String... types) {
    List<Draft> drafts = new ArrayList<>();
    for (String type : types) {
      drafts.add(draft(type));
    }
    model.commit(storage, TIME, drafts);
  }

  @Test
  void the_first_and_the_last_match_within_the_bounds_are_found() {
    write("A", "B", "A", "C", "A");

    assertThat(finder.firstMatch(type("A"), 1, FOR_EVER)).isEqualTo(1);
    assertThat(finder.firstMatch(type("A"), 2, FOR_EVER)).isEqualTo(3);
    assertThat(finder.firstMatch(type("A"), 4, 4)).isZero();
    assertThat(finder.firstMatch(type("A"), 0, 1)).isEqualTo(1);
    assertThat(finder.firstMatch(type("A"), 6, FOR_EVER)).isZero();
    assertThat(finder.firstMatch(type("D"), 1, FOR_EVER)).isZero();
    assertThat(finder.lastMatch(type("A"), 1, FOR_EVER)).isEqualTo(5);
    assertThat(finder.lastMatch(type("A"), 1, 4)).isEqualTo(3);
    assertThat(finder.lastMatch(type("A"), 4, 4)).isZero();
    assertThat(finder.lastMatch(type("B", "C"), 1, FOR_EVER)).isEqualTo(4);
  }

  @Test
  void each_alternative_of_a_query_is_looked_for() {
    Query either = new Query(List.of(type("A").items().getFirst(), type("C").items().getFirst()));
    for (int i = 0; i < 300; i++) {
      write("B", "B", i == 100 ? "A" : "B", "B", i == 200 ? "C" : "B");
    }

    assertThat(finder.firstMatch(either, 1, FOR_EVER)).isEqualTo(503);
    assertThat(finder.firstMatch(either, 504, FOR_EVER)).isEqualTo(1_005);
    assertThat(finder.lastMatch(either, 1, FOR_EVER)).isEqualTo(1_005);
    assertThat(read(either, 1, model.head(), 0)).containsExactly(503L, 1_005L);
  }

  @Test
  void a_match_is_found_behind_many_that_are_gone() {
    for (int i = 0; i < 100; i++) { // one by one, and more than are looked at for one page
      write("A");
      write(Collections.nCopies(69, "B").toArray(String[]::new));
      storage.forget(model.head() - 69);
    }
    write("A");

    assertThat(finder.firstMatch(type("A"), 1, FOR_EVER)).isEqualTo(7_001);
    write("B");
    storage.forget(7_001);
    assertThat(finder.firstMatch(type("A"), 1, FOR_EVER)).isZero();
    assertThat(finder.lastMatch(type("A"), 1, FOR_EVER)).isZero();
  }

  @Test
  void an_empty_query_is_matched_by_everything() {
    assertThat(finder.firstMatch(Query.everything(), 1, FOR_EVER)).isZero();
    assertThat(finder.lastMatch(Query.everything(), 1, FOR_EVER)).isZero();
    write("A", "B", "C");

    assertThat(finder.firstMatch(Query.everything(), 2, FOR_EVER)).isEqualTo(2);
    assertThat(finder.lastMatch(Query.everything(), 1, FOR_EVER)).isEqualTo(3);
    assertThat(finder.firstMatch(Query.everything(), 4, FOR_EVER)).isZero();
  }

  @Test
  void events_that_are_not_written_yet_are_found_and_pages_end_at_the_head() {
    write("A");
    Commit commit = model.accept(storage, TIME, List.of(draft("A"), draft("B")));

    assertThat(finder.firstMatch(type("B"), 1, FOR_EVER)).isEqualTo(3);
    assertThat(finder.lastMatch(type("A"), 1, FOR_EVER)).isEqualTo(2);
    assertThat(finder.lastMatch(type("A"), 1, storage.head().position())).isEqualTo(1);
    assertThat(finder.lastMatch(Query.everything(), 1, FOR_EVER)).isEqualTo(3);
    assertThat(finder.firstMatch(Query.everything(), 2, FOR_EVER)).isEqualTo(2);

    commit.write();
    assertThat(finder.firstMatch(type("B"), 1, FOR_EVER)).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void events_that_are_gone_from_the_log_are_passed_over(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      String[] types = new String[1 + random.nextInt(10)];
      for (int j = 0; j < types.length; j++) {
        types[j] = random.nextInt(20) == 0 ? "A" : "B";
      }
      write(types);
    }
    Set<Long> gone = new HashSet<>();
    for (long position = 1; position < model.head(); position++) {
      if (random.nextInt(100) < (position < 150 ? 95 : 30)) {
        gone.add(position);
        storage.forget(position);
      }
    }
    for (Query query : List.of(type("A"), type("A", "B"), Query.everything())) {
      List<Long> matching =
          model.entries().stream()
              .filter(entry -> query.matches(entry.stream().value(), entry.type(), entry.tags()))
              .map(LogModel.Entry::position)
              .filter(position -> !gone.contains(position))
              .toList();
      for (long from = 1; from <= model.head(); from += 1 + random.nextInt(20)) {
        long start = from;
        List<Long> after = matching.stream().filter(position -> position >= start).toList();
        List<Long> before =
            matching.stream().filter(position -> position <= start).toList().reversed();
        assertThat(finder.firstMatch(query, from, FOR_EVER))
            .isEqualTo(after.isEmpty() ? 0 : after.getFirst());
        assertThat(finder.lastMatch(query, 1, from))
            .isEqualTo(before.isEmpty() ? 0 : before.getFirst());
        int limit = random.nextInt(8);
        assertThat(read(query, from, model.head(), limit)).isEqualTo(first(after, limit));
        assertThat(read(query, from, 1, limit)).isEqualTo(first(before, limit));
      }
    }
  }

  private static List<Long> first(List<Long> positions, int limit) {
    return limit == 0 ? positions : positions.stream().limit(limit).toList();
  }

  private List<Long> read(Query query, long from, long to, long limit) {
    LogPages pages = new LogPages(storage, query);
    boolean backwards = to < from;
    List<Long> positions = new ArrayList<>();
    long next = from;
    while ((backwards ? next >= to : next <= to) && (limit == 0 || positions.size() < limit)) {
      long left = limit == 0 ? 0 : limit - positions.size();
      EventPage page =
          backwards
              ? pages.backwards(next, to, 2_000, left)
              : pages.forwards(next, to, 2_000, left);
      positions.addAll(Pages.positions(page));
      next = backwards ? page.reached() - 1 : page.reached() + 1;
    }
    return positions;
  }

  @Test
  void a_read_of_few_events_among_many_reads_the_log_only_where_they_are() {
    for (int i = 0; i < 300; i++) {
      write(i % 100 == 50 ? "A" : "B", "B", "B", "B", "B");
    }
    int before = storage.logReads();

    assertThat(read(type("A"), 1, model.head(), 0)).hasSize(3);
    assertThat(read(type("A"), model.head(), 1, 0)).hasSize(3);
    assertThat(storage.logReads() - before).isEqualTo(6);
  }

  @Test
  void a_read_of_nearly_everything_reads_whole_pages() {
    for (int i = 0; i < 300; i++) {
      write("B", "B", "B", "A", "B");
    }
    int before = storage.logReads();

    assertThat(read(type("B"), 1, model.head(), 0)).hasSize(1_200);
    int withIndex = storage.logReads() - before;
    assertThat(read(Query.everything(), 1, model.head(), 0)).hasSize(1_500);
    int withoutQuery = storage.logReads() - before - withIndex;
    assertThat(withIndex).isLessThanOrEqualTo(2 * withoutQuery);
  }
}
