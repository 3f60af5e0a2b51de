package io.varve.server.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class QueryTest {
  private static final Query.Item ANY = new Query.Item(Set.of(), Set.of(), List.of(), Set.of());

  @Test
  void a_query_without_items_or_with_an_empty_one_is_matched_by_everything() {
    assertThat(Query.everything().matchesEverything()).isTrue();
    assertThat(Query.everything().matches("s", "T", List.of())).isTrue();
    assertThat(new Query(List.of(item(Set.of("A")), ANY)).matchesEverything()).isTrue();
    assertThat(new Query(List.of(item(Set.of("A")), ANY)).matches("s", "T", List.of())).isTrue();
    assertThat(new Query(List.of(item(Set.of("A")))).matchesEverything()).isFalse();
  }

  @Test
  void the_parts_of_an_item_must_all_hold() {
    Query query =
        new Query(
            List.of(
                new Query.Item(
                    Set.of("Opened", "Closed"),
                    Set.of("vip", "eu"),
                    List.of("account-1"),
                    Set.of("account"))));

    assertThat(query.matches("account-17", "Opened", List.of("eu", "x", "vip"))).isTrue();
    assertThat(query.matches("account-17", "Moved", List.of("eu", "vip"))).isFalse();
    assertThat(query.matches("account-17", "Opened", List.of("eu"))).isFalse();
    assertThat(query.matches("account-2", "Opened", List.of("eu", "vip"))).isFalse();
  }

  @Test
  void one_item_that_matches_is_enough() {
    Query query = new Query(List.of(item(Set.of("A")), item(Set.of("B"))));

    assertThat(query.matches("s", "B", List.of())).isTrue();
    assertThat(query.matches("s", "C", List.of())).isFalse();
  }

  @Test
  void a_category_is_the_name_up_to_the_first_dash_and_a_prefix_is_not_a_category() {
    Query category =
        new Query(List.of(new Query.Item(Set.of(), Set.of(), List.of(), Set.of("account"))));
    Query prefix =
        new Query(List.of(new Query.Item(Set.of(), Set.of(), List.of("account"), Set.of())));

    assertThat(category.matches("account-1-2", "T", List.of())).isTrue();
    assertThat(category.matches("account", "T", List.of())).isTrue();
    assertThat(category.matches("accounting-1", "T", List.of())).isFalse();
    assertThat(prefix.matches("accounting-1", "T", List.of())).isTrue();
  }

  @Test
  void a_stream_is_named_in_full() {
    Query query =
        new Query(
            List.of(
                new Query.Item(
                    Set.of("T"), Set.of(), List.of(), Set.of(), Set.of("account-1", "b"))));

    assertThat(query.matchesEverything()).isFalse();
    assertThat(query.terms()).isEqualTo(3);
    assertThat(query.matches("account-1", "T", List.of())).isTrue();
    assertThat(query.matches("b", "T", List.of())).isTrue();
    assertThat(query.matches("account-12", "T", List.of())).isFalse();
    assertThat(query.matches("account", "T", List.of())).isFalse();
    assertThat(query.matches("account-1", "U", List.of())).isFalse();
  }

  @Test
  void a_category_may_be_empty_and_a_system_stream_shows_it_first() {
    assertThat(new StreamId("-x").category()).isEmpty();
    assertThat(new StreamId("a-b-c").category()).isEqualTo("a");
    assertThat(new StreamId("whole").category()).isEqualTo("whole");
    assertThat(new StreamId("$audit").isSystem()).isTrue();
    assertThat(new StreamId("audit$").isSystem()).isFalse();
  }

  @Test
  void values_that_cannot_be_are_refused_when_they_are_made() {
    assertThatThrownBy(() -> new StreamId("")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new StreamVersion(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Position(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ExpectedVersion.Exactly(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void an_expectation_tells_itself_in_words() {
    assertThat(new ExpectedVersion.Exactly(3).inWords()).isEqualTo("version 3");
    assertThat(new ExpectedVersion.NoStream().inWords()).isEqualTo("no stream");
    assertThat(new ExpectedVersion.StreamExists().inWords()).isEqualTo("stream exists");
    assertThat(new ExpectedVersion.Any().inWords()).isEqualTo("any version");
  }

  private static Query.Item item(Set<String> types) {
    return new Query.Item(types, Set.of(), List.of(), Set.of());
  }
}
