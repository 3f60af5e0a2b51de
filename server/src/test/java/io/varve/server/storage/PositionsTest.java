package io.varve.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionsTest {

  /** A list of positions that is a set. */
  private record Listed(NavigableSet<Long> all) implements Positions {
    @Override
    public long atOrAfter(long position) {
      Long found = all.ceiling(position);
      return found == null ? END : found;
    }

    @Override
    public long atOrBefore(long position) {
      Long found = all.floor(position);
      return found == null ? START : found;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void unions_and_intersections_are_those_of_the_sets_wherever_they_are_sought(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      int highest = 1 + random.nextInt(200);
      NavigableSet<Long> expected = new TreeSet<>();
      Positions positions = random(random, highest, 3, expected);
      Listed naive = new Listed(expected);
      long at = 1;
      for (int step = 0; step < 60; step++) {
        // Mostly a few steps on in one direction, as readers do, and sometimes anywhere.
        at =
            random.nextInt(6) == 0
                ? random.nextInt(highest + 3)
                : Math.max(0, at + random.nextInt(7) - (step % 20 < 10 ? 1 : 5));
        if (random.nextInt(10) == 0 || step % 20 < 10) {
          assertThat(positions.atOrAfter(at))
              .as("at or after %d", at)
              .isEqualTo(naive.atOrAfter(at));
        } else {
          assertThat(positions.atOrBefore(at))
              .as("at or before %d", at)
              .isEqualTo(naive.atOrBefore(at));
        }
      }
    }
  }

  private static Positions random(
      Random random, int highest, int depth, NavigableSet<Long> expected) {
    if (depth == 0 || random.nextInt(4) == 0) {
      int density = 1 + random.nextInt(20);
      for (long position = 1; position <= highest; position++) {
        if (random.nextInt(density) == 0) {
          expected.add(position);
        }
      }
      return new Listed(expected);
    }
    boolean union = random.nextBoolean();
    List<Positions> parts = new ArrayList<>();
    List<NavigableSet<Long>> sets = new ArrayList<>();
    for (int i = (union ? 0 : 1) + random.nextInt(4); i > 0; i--) {
      NavigableSet<Long> part = new TreeSet<>();
      parts.add(random(random, highest, depth - 1, part));
      sets.add(part);
    }
    if (union) {
      sets.forEach(expected::addAll);
      return Positions.anyOf(parts);
    }
    expected.addAll(sets.getFirst());
    sets.forEach(expected::retainAll);
    return Positions.allOf(parts);
  }

  @Test
  void the_union_of_nothing_is_empty() {
    assertThat(Positions.anyOf(List.of()).atOrAfter(1)).isEqualTo(Positions.END);
    assertThat(Positions.anyOf(List.of()).atOrBefore(100)).isEqualTo(Positions.START);
  }

  @Test
  void an_intersection_goes_only_where_its_sparsest_list_leads() {
    int[] asked = {0};
    Positions dense =
        new Positions() {
          @Override
          public long atOrAfter(long position) {
            asked[0]++;
            return position;
          }

          @Override
          public long atOrBefore(long position) {
            asked[0]++;
            return position;
          }
        };
    Positions sparse =
        new Listed(
            List.of(5_000L, 900_000L).stream().collect(Collectors.toCollection(TreeSet::new)));
    Positions both = Positions.allOf(List.of(dense, sparse));

    assertThat(both.atOrAfter(1)).isEqualTo(5_000);
    assertThat(both.atOrAfter(5_001)).isEqualTo(900_000);
    assertThat(both.atOrAfter(900_001)).isEqualTo(Positions.END);
    assertThat(both.atOrBefore(1_000_000)).isEqualTo(900_000);
    assertThat(asked[0]).isLessThan(10);
  }
}
