package io.varve.server.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Scopes against the plain meaning of what they promise, drawn at random from a fixed seed. */
class StreamScopeTest {
  @Test
  void a_query_that_names_streams_in_full_is_covered_if_each_is_in_the_scope() {
    StreamScope scope = StreamScope.ofPrefix("invoice-").or(StreamScope.ofCategory("order"));

    assertThat(scope.covers(named("invoice-1", "order-2"))).isTrue();
    assertThat(scope.covers(named("order"))).isTrue();
    assertThat(scope.covers(named("invoice-1", "other"))).isFalse();
    assertThat(scope.covers(named("invoice"))).isFalse();
    assertThat(StreamScope.ALL_BUT_SYSTEM.covers(named("other"))).isTrue();
    assertThat(StreamScope.ALL_BUT_SYSTEM.covers(named("$streams"))).isFalse();
  }

  private static Query named(String... streams) {
    return new Query(
        List.of(new Query.Item(Set.of(), Set.of(), List.of(), Set.of(), Set.of(streams))));
  }

  private static final List<String> PIECES = List.of("a", "b", "-", "$", "ab");
  private static final List<String> TAGS = List.of("stream:a", "t");
  private static final int ROUNDS = 20_000;

  private final Random random = new Random(7);

  private String name() {
    StringBuilder name = new StringBuilder();
    int pieces = 1 + random.nextInt(3);
    for (int i = 0; i < pieces; i++) {
      name.append(PIECES.get(random.nextInt(PIECES.size())));
    }
    return name.toString();
  }

  private List<String> names(int most) {
    List<String> names = new ArrayList<>();
    int count = random.nextInt(most + 1);
    for (int i = 0; i < count; i++) {
      names.add(name());
    }
    return names;
  }

  /** Some of {@link #TAGS}, at least one. */
  private Set<String> tags() {
    return switch (random.nextInt(3)) {
      case 0 -> Set.of(TAGS.get(0));
      case 1 -> Set.of(TAGS.get(1));
      default -> Set.copyOf(TAGS);
    };
  }

  private StreamScope scope() {
    return switch (random.nextInt(8)) {
      case 0 -> StreamScope.EVERYTHING;
      case 1 -> StreamScope.ALL_BUT_SYSTEM;
      default -> new StreamScope(false, false, new HashSet<>(names(2)), new HashSet<>(names(2)));
    };
  }

  private static boolean contains(StreamScope scope, String stream) {
    if (scope.everything()) {
      return true;
    }
    return !stream.startsWith("$")
        && (scope.allButSystem()
            || scope.prefixes().stream().anyMatch(stream::startsWith)
            || scope.categories().contains(new StreamId(stream).category()));
  }

  /** All names of up to four of the pieces' letters. */
  private static List<String> allNames() {
    List<String> names = new ArrayList<>(List.of(""));
    for (int from = 0, length = 0; length < 4; length++) {
      int to = names.size();
      for (int i = from; i < to; i++) {
        for (String letter : List.of("a", "b", "-", "$")) {
          names.add(names.get(i) + letter);
        }
      }
      from = to;
    }
    names.removeFirst();
    return names;
  }

  @Test
  void a_name_is_in_a_scope_exactly_if_one_of_its_parts_says_so() {
    for (int i = 0; i < ROUNDS; i++) {
      StreamScope scope = scope();
      StreamScope other = scope();
      String stream = name();
      assertThat(scope.contains(stream))
          .as(scope + " " + stream)
          .isEqualTo(contains(scope, stream));
      assertThat(scope.or(other).contains(stream))
          .as(scope + " or " + other + " " + stream)
          .isEqualTo(contains(scope, stream) || contains(other, stream));
    }
  }

  @Test
  void what_a_scope_says_that_it_contains_as_a_whole_has_no_name_outside() {
    List<String> all = allNames();
    int contained = 0;
    for (int i = 0; i < ROUNDS / 10; i++) {
      StreamScope scope = scope();
      String part = name();
      if (scope.containsPrefix(part)) {
        contained++;
        assertThat(all.stream().filter(name -> name.startsWith(part)))
            .as(scope + " prefix " + part)
            .allMatch(scope::contains);
      }
      if (scope.containsCategory(part)) {
        contained++;
        assertThat(all.stream().filter(name -> new StreamId(name).category().equals(part)))
            .as(scope + " category " + part)
            .allMatch(scope::contains);
      }
    }
    assertThat(contained).isGreaterThan(100);
  }

  @Test
  void a_query_that_a_scope_covers_matches_nothing_outside() {
    List<String> all = allNames();
    int covered = 0;
    for (int i = 0; i < ROUNDS / 10; i++) {
      StreamScope scope = scope();
      Query query =
          new Query(
              List.of(
                  new Query.Item(
                      random.nextInt(4) == 0 ? Set.of("T") : Set.of(),
                      random.nextInt(4) == 0 ? tags() : Set.of(),
                      names(2),
                      new HashSet<>(names(2)))));
      if (!scope.covers(query)) {
        continue;
      }
      covered++;
      for (String stream : all) {
        // Events of system streams have types of their own, and tags of what they are about.
        boolean system = stream.startsWith("$");
        if (query.matches(stream, system ? "$T" : "T", system ? List.of("stream:a") : TAGS)) {
          assertThat(scope.contains(stream))
              .as(scope + " covers " + query + ": " + stream)
              .isTrue();
        }
      }
    }
    assertThat(covered).isGreaterThan(100);
  }

  @Test
  void a_query_within_a_scope_matches_what_both_say() {
    for (int i = 0; i < ROUNDS; i++) {
      StreamScope scope = scope();
      Query query =
          new Query(
              random.nextInt(4) == 0
                  ? List.of()
                  : List.of(new Query.Item(Set.of(), Set.of(), names(2), new HashSet<>(names(1)))));
      String stream = name();
      assertThat(query.within(scope).matches(stream, "T", List.of()))
          .as(query + " within " + scope + ": " + stream)
          .isEqualTo(contains(scope, stream) && query.matches(stream, "T", List.of()));
    }
  }
}
