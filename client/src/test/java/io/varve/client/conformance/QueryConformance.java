package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Queries over odd texts and in combination, in both directions, and as subscriptions see them. */
abstract class QueryConformance extends StoreTests {

  /** What a query finds, having checked that all ways to ask agree. */
  private List<Long> found(Query query) {
    List<Long> forwards = positions(read(ReadLog.all().query(query)));
    assertThat(positions(read(ReadLog.all().query(query).backwards())))
        .isEqualTo(forwards.reversed());
    return forwards;
  }

  private long givenTagged(String... tags) {
    return store.append(ACCOUNT, any(), tagged("Happened", tags)).position();
  }

  @Test
  void tags_that_are_prefixes_of_each_other_are_told_apart() {
    long a = givenTagged("a");
    long ab = givenTagged("a:b");
    long abc = givenTagged("a:bc");
    long both = givenTagged("a", "a:b");

    assertThat(found(Query.tags("a"))).containsExactly(a, both);
    assertThat(found(Query.tags("a:b"))).containsExactly(ab, both);
    assertThat(found(Query.tags("a:bc"))).containsExactly(abc);
    assertThat(found(Query.tags("a:"))).isEmpty();
    assertThat(found(Query.tags("a", "a:b"))).containsExactly(both);
  }

  @Test
  void tags_of_256_bytes_that_differ_in_the_last_one_are_told_apart() {
    String stem = "t".repeat(255);
    long one = givenTagged(stem + "1");
    long two = givenTagged(stem + "2");
    long shorter = givenTagged(stem);

    assertThat(found(Query.tags(stem + "1"))).containsExactly(one);
    assertThat(found(Query.tags(stem + "2"))).containsExactly(two);
    assertThat(found(Query.tags(stem))).containsExactly(shorter);
  }

  @Test
  void tags_that_look_empty_or_odd_are_tags_like_any_other() {
    List<String> odd =
        List.of(
            " ", "  ", "\u00a0", "\u200b", ":", "-", "/", "%", "\"", "\\", "'", "*", ".", "?",
            "null", "0", "💶", "é", "e\u0301", "A", "a", "入金", "\uffff", "$system", "#");
    List<Long> positions = new ArrayList<>();
    odd.forEach(tag -> positions.add(givenTagged(tag)));

    for (int i = 0; i < odd.size(); i++) {
      assertThat(found(Query.tags(odd.get(i)))).containsExactly(positions.get(i));
    }
  }

  @Test
  void a_tag_of_the_same_text_as_a_type_a_stream_or_a_category_is_none_of_them() {
    long byTag = givenTagged("Twin");
    long byType = givenOne(OTHER, "Twin").position();
    long byStream = givenOne("Twin", "Other").position();
    long byCategory = givenOne("Twin-1", "Other").position();

    assertThat(found(Query.tags("Twin"))).containsExactly(byTag);
    assertThat(found(Query.types("Twin"))).containsExactly(byType);
    assertThat(found(Query.streamPrefixes("Twin"))).containsExactly(byStream, byCategory);
    assertThat(found(Query.categories("Twin"))).containsExactly(byStream, byCategory);
  }

  @Test
  void types_of_256_bytes_and_prefixes_of_each_other_are_told_apart() {
    String stem = "T".repeat(255);
    long one = givenOne(ACCOUNT, stem + "1").position();
    long two = givenOne(ACCOUNT, stem + "2").position();
    long shorter = givenOne(ACCOUNT, stem).position();

    assertThat(found(Query.types(stem + "1"))).containsExactly(one);
    assertThat(found(Query.types(stem))).containsExactly(shorter);
    assertThat(found(Query.types(stem, stem + "2"))).containsExactly(two, shorter);
  }

  @Test
  void a_prefix_may_be_a_whole_name_a_part_of_a_character_sequence_and_up_to_512_bytes() {
    String longest = "s".repeat(512);
    long whole = givenOne(longest, "A").position();
    long umlaut = givenOne("konto-ä💶-1", "A").position();
    givenOne("konto-a", "A");

    assertThat(found(Query.streamPrefixes(longest))).containsExactly(whole);
    assertThat(found(Query.streamPrefixes("s".repeat(511)))).containsExactly(whole);
    assertThat(found(Query.streamPrefixes("konto-ä"))).containsExactly(umlaut);
    assertThat(found(Query.streamPrefixes("konto-ä💶"))).containsExactly(umlaut);
    assertThat(found(Query.streamPrefixes("konto-ä💶-1-"))).isEmpty();
  }

  @Test
  void overlapping_prefixes_find_an_event_once() {
    long first = givenOne("account-1", "A").position();
    long second = givenOne("account-12", "A").position();

    assertThat(found(Query.streamPrefixes("a", "account", "account-1", "account-12")))
        .containsExactly(first, second);
  }

  @Test
  void a_name_that_begins_with_a_dash_has_the_empty_category_which_cannot_be_asked_for() {
    long dashed = givenOne("-1", "A").position();

    assertThat(found(Query.streamPrefixes("-"))).containsExactly(dashed);
    for (Query empty :
        List.of(
            Query.categories(""), Query.tags(""), Query.types(""), Query.streamPrefixes("", "a"))) {
      refusal(
          InvalidRequestException.class, () -> store.readLog(ReadLog.all().query(empty)).close());
    }
  }

  @Test
  void all_64_tags_of_an_event_find_it_alone_and_together() {
    List<String> tags = Stream.iterate(0, i -> i + 1).limit(64).map(i -> "tag:" + i).toList();
    given(ACCOUNT, 5);
    long position = givenTagged(tags.toArray(String[]::new));

    for (String tag : tags) {
      assertThat(found(Query.tags(tag))).containsExactly(position);
    }
    assertThat(found(Query.tags(tags.toArray(String[]::new)))).containsExactly(position);
    assertThat(found(Query.of(QueryItem.tags(tags.toArray(String[]::new)).withTypes("Other"))))
        .isEmpty();
  }

  @Test
  void a_tag_that_is_asked_for_twice_is_asked_for_once() {
    long position = givenTagged("a", "b");

    assertThat(found(Query.tags("a", "a"))).containsExactly(position);
    assertThat(found(Query.types("Happened", "Happened"))).containsExactly(position);
  }

  @Test
  void a_rare_event_is_found_among_many_from_anywhere_and_with_any_limit() {
    given(ACCOUNT, 3_000);
    long first = givenTagged("rare");
    given(ACCOUNT, 3_000);
    long second = givenTagged("rare");
    given(ACCOUNT, 3_000);
    ReadLog rare = ReadLog.all().query(Query.tags("rare"));

    assertThat(positions(read(rare))).containsExactly(first, second);
    assertThat(positions(read(rare.limit(1)))).containsExactly(first);
    assertThat(positions(read(rare.backwards().limit(1)))).containsExactly(second);
    assertThat(positions(read(rare.fromPosition(first + 1)))).containsExactly(second);
    assertThat(positions(read(rare.fromPosition(first)))).containsExactly(first, second);
    assertThat(positions(read(rare.toPosition(second - 1)))).containsExactly(first);
    assertThat(positions(read(rare.backwards().fromPosition(second - 1)))).containsExactly(first);
    assertThat(positions(read(rare.fromPosition(first + 1).toPosition(second - 1)))).isEmpty();
  }

  @Test
  void random_queries_find_exactly_the_events_that_match() throws Exception {
    Random random = new Random(7);
    String[] types = {"A", "B", "AB", "C"};
    String[] tags = {"x", "y", "xy", "z:1", "z:12"};
    String[] streams = {"one-1", "one-2", "two-1", "one", "twofold-1"};
    for (int i = 0; i < 40; i++) {
      List<NewEvent> events = new ArrayList<>();
      for (int j = 0; j < 5; j++) {
        NewEvent.Builder event = NewEvent.builder(types[random.nextInt(types.length)]);
        for (String tag : tags) {
          if (random.nextInt(3) == 0) {
            event.tag(tag);
          }
        }
        events.add(event.build());
      }
      given(streams[random.nextInt(streams.length)], events);
    }
    List<RecordedEvent> all = read(ReadLog.all());

    for (int i = 0; i < 150; i++) {
      List<QueryItem> items = new ArrayList<>();
      for (int j = 0; j <= random.nextInt(3); j++) {
        items.add(
            QueryItem.types(some(random, types, 2))
                .withTags(some(random, tags, 3))
                .withStreamPrefixes(some(random, new String[] {"o", "one-", "two", "t"}, 2))
                .withCategories(some(random, new String[] {"one", "two", "twofold", "no"}, 2)));
      }
      Query query = new Query(items);
      List<Long> expected =
          positions(all.stream().filter(event -> items.stream().anyMatch(matches(event))).toList());

      assertThat(found(query)).as("%s", query).isEqualTo(expected);
      long from = 1 + random.nextLong(all.size());
      assertThat(positions(read(ReadLog.all().query(query).fromPosition(from).limit(7))))
          .as("%s from %s", query, from)
          .isEqualTo(expected.stream().filter(p -> p >= from).limit(7).toList());
    }
  }

  /** Mostly none, at most so many of the texts. */
  private static String[] some(Random random, String[] texts, int most) {
    int count = random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(most);
    return random.ints(count, 0, texts.length).mapToObj(i -> texts[i]).toArray(String[]::new);
  }

  private static Predicate<QueryItem> matches(RecordedEvent event) {
    return item ->
        (item.types().isEmpty() || item.types().contains(event.type()))
            && event.tags().containsAll(item.tags())
            && (item.streamPrefixes().isEmpty()
                || item.streamPrefixes().stream().anyMatch(event.stream()::startsWith))
            && (item.categories().isEmpty()
                || item.categories().contains(event.stream().replaceFirst("-.*", "")));
  }

  @Test
  void two_queries_joined_find_what_either_finds() {
    long a = givenTagged("a");
    long b = givenTagged("b");
    long both = givenTagged("a", "b");
    givenTagged("c");

    assertThat(found(Query.tags("a").or(Query.tags("b")))).containsExactly(a, b, both);
    assertThat(found(Query.tags("a").or(Query.tags("a")))).containsExactly(a, both);
    assertThat(found(Query.tags("a").or(Query.all()))).hasSize(4);
    assertThat(found(Query.all().or(Query.tags("a")))).hasSize(4);
  }

  @Test
  void a_subscription_under_a_query_delivers_what_a_read_under_it_finds() {
    Query query =
        Query.of(QueryItem.tags("a", "b"), QueryItem.types("Opened").withCategories("order"));
    givenTagged("a", "b");
    givenTagged("a");
    givenOne(OTHER, "Opened");
    RecordingListener listener = new RecordingListener();
    try (Subscription subscription =
        store.subscribeToLog(SubscribeToLog.all().query(query), listener)) {
      await().until(() -> listener.events.size() == 2);
      givenOne(ACCOUNT, "Opened");
      givenTagged("b", "a", "c");
      givenOne(OTHER, "Opened");
      await().until(() -> listener.events.size() == 4);
      assertThat(subscription.closed()).isNotDone();
    }
    assertThat(listener.events).isEqualTo(read(ReadLog.all().query(query)));
  }
}
