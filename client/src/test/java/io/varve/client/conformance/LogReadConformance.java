package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Reads of the log: bounds, directions, queries. */
abstract class LogReadConformance extends StoreTests {

  @Test
  void the_log_has_all_streams_in_the_order_of_their_commits() {
    List<NewEvent> first = given(ACCOUNT, 2);
    List<NewEvent> second = given(OTHER, 2);
    List<NewEvent> third = given(ACCOUNT, 1);

    List<NewEvent> all = new ArrayList<>(first);
    all.addAll(second);
    all.addAll(third);
    assertThat(asWritten(read(ReadLog.all()))).isEqualTo(all);
  }

  @Test
  void an_empty_log_has_no_events_and_head_0() {
    try (EventReader reader = store.readLog(ReadLog.all())) {
      assertThat(reader.headPosition()).isZero();
      assertThat(reader.toList()).isEmpty();
    }
    given(ACCOUNT, 1);
    try (EventReader reader = store.readLog(ReadLog.all())) {
      assertThat(reader.headPosition()).isEqualTo(1);
      assertThat(reader.toList()).hasSize(1);
    }
  }

  @Test
  void a_read_forwards_starts_and_ends_at_the_positions_asked_for() {
    given(ACCOUNT, 9);

    assertThat(positions(read(ReadLog.all().fromPosition(7)))).containsExactly(7L, 8L, 9L);
    assertThat(positions(read(ReadLog.all().toPosition(2)))).containsExactly(1L, 2L);
    assertThat(positions(read(ReadLog.all().fromPosition(4).toPosition(6))))
        .containsExactly(4L, 5L, 6L);
    assertThat(read(ReadLog.all().fromPosition(10))).isEmpty();
    assertThat(read(ReadLog.all().toPosition(99))).hasSize(9);
  }

  @Test
  void a_read_backwards_starts_at_the_higher_position_and_ends_at_the_lower_one() {
    given(ACCOUNT, 9);

    assertThat(positions(read(ReadLog.all().backwards())))
        .containsExactly(9L, 8L, 7L, 6L, 5L, 4L, 3L, 2L, 1L);
    assertThat(positions(read(ReadLog.all().backwards().fromPosition(3))))
        .containsExactly(3L, 2L, 1L);
    assertThat(positions(read(ReadLog.all().backwards().toPosition(8)))).containsExactly(9L, 8L);
    assertThat(positions(read(ReadLog.all().backwards().fromPosition(6).toPosition(4))))
        .containsExactly(6L, 5L, 4L);
    assertThat(read(ReadLog.all().backwards().fromPosition(99))).hasSize(9);
  }

  @Test
  void a_read_has_at_most_as_many_matching_events_as_asked_for() {
    for (int i = 0; i < 4; i++) {
      givenOne(ACCOUNT, "A");
      givenOne(ACCOUNT, "B");
    }

    assertThat(positions(read(ReadLog.all().limit(3)))).containsExactly(1L, 2L, 3L);
    assertThat(positions(read(ReadLog.all().query(Query.types("B")).limit(3))))
        .containsExactly(2L, 4L, 6L);
    assertThat(positions(read(ReadLog.all().query(Query.types("A")).backwards().limit(2))))
        .containsExactly(7L, 5L);
    assertThat(read(ReadLog.all().limit(0))).hasSize(8);
  }

  @Test
  void a_read_between_times_has_the_events_recorded_from_one_to_the_other() {
    AppendResult first = givenOne(ACCOUNT, "First");
    AppendResult gap = untilLaterThan(first.recordedAt());
    untilLaterThan(gap.recordedAt());
    AppendResult second = givenOne(ACCOUNT, "Second");
    AppendResult end = untilLaterThan(second.recordedAt());
    ReadLog account = ReadLog.all().query(Query.categories("account"));

    assertThat(types(read(account.fromTime(first.recordedAt()))))
        .containsExactly("First", "Second");
    assertThat(types(read(account.fromTime(gap.recordedAt())))).containsExactly("Second");
    assertThat(types(read(account.toTime(gap.recordedAt())))).containsExactly("First");
    assertThat(types(read(account.toTime(second.recordedAt())))).containsExactly("First", "Second");
    assertThat(types(read(account.fromTime(gap.recordedAt()).toTime(end.recordedAt()))))
        .containsExactly("Second");
    assertThat(read(account.fromTime(end.recordedAt()))).isEmpty();
    assertThat(read(account.toTime(Instant.EPOCH))).isEmpty();
  }

  @Test
  void a_read_between_times_backwards_starts_at_the_later_one() {
    AppendResult first = givenOne(ACCOUNT, "First");
    AppendResult gap = untilLaterThan(first.recordedAt());
    untilLaterThan(gap.recordedAt());
    AppendResult second = givenOne(ACCOUNT, "Second");
    ReadLog account = ReadLog.all().query(Query.categories("account")).backwards();

    assertThat(types(read(account.fromTime(second.recordedAt()))))
        .containsExactly("Second", "First");
    assertThat(types(read(account.fromTime(gap.recordedAt())))).containsExactly("First");
    assertThat(types(read(account.toTime(gap.recordedAt())))).containsExactly("Second");
    assertThat(types(read(account.fromTime(second.recordedAt()).toTime(first.recordedAt()))))
        .containsExactly("Second", "First");
  }

  @Test
  void of_a_position_and_a_time_the_narrower_bound_holds() {
    AppendResult first = givenOne(ACCOUNT, "First");
    AppendResult later = untilLaterThan(first.recordedAt());
    long last = later.position();

    assertThat(positions(read(ReadLog.all().fromPosition(1).fromTime(later.recordedAt()))))
        .startsWith(last);
    assertThat(positions(read(ReadLog.all().fromPosition(last).fromTime(first.recordedAt()))))
        .containsExactly(last);
    assertThat(positions(read(ReadLog.all().toPosition(last).toTime(first.recordedAt()))))
        .doesNotContain(last);
  }

  @Test
  void a_query_by_types_finds_events_of_any_of_them() {
    givenEveryKind();

    assertThat(found(Query.types("Opened", "Closed")))
        .containsExactly("account-1 Opened", "account-1 Closed", "order-1 Opened");
    assertThat(found(Query.types("Open"))).isEmpty();
  }

  @Test
  void a_query_by_tags_finds_events_that_have_all_of_them() {
    givenEveryKind();

    assertThat(found(Query.tags("red"))).containsExactly("account-1 Deposited", "order-1 Opened");
    assertThat(found(Query.tags("red", "big"))).containsExactly("order-1 Opened");
    assertThat(found(Query.tags("red", "none"))).isEmpty();
  }

  @Test
  void a_query_by_stream_prefixes_finds_events_of_streams_that_start_with_any_of_them() {
    givenEveryKind();

    assertThat(found(Query.streamPrefixes("acc"))).hasSize(4);
    assertThat(found(Query.streamPrefixes("account-1", "order"))).hasSize(4);
    assertThat(found(Query.streamPrefixes("ccount"))).isEmpty();
  }

  @Test
  void a_query_by_categories_finds_events_of_streams_named_so_up_to_the_first_dash() {
    givenEveryKind();

    assertThat(found(Query.categories("account")))
        .containsExactly("account-1 Opened", "account-1 Deposited", "account-1 Closed");
    assertThat(found(Query.categories("order", "accounting")))
        .containsExactly("order-1 Opened", "accounting Booked");
    assertThat(found(Query.categories("account-1"))).isEmpty();
  }

  @Test
  void a_category_ends_at_the_first_of_several_dashes() {
    givenOne("order-eu-7", "Opened");

    assertThat(found(Query.categories("order"))).hasSize(1);
    assertThat(found(Query.categories("order-eu"))).isEmpty();
  }

  @Test
  void the_parts_of_one_item_must_all_hold() {
    givenEveryKind();

    assertThat(found(Query.of(QueryItem.types("Opened").withCategories("order"))))
        .containsExactly("order-1 Opened");
    assertThat(
            found(
                Query.of(
                    QueryItem.types("Deposited")
                        .withTags("red")
                        .withStreamPrefixes("acc")
                        .withCategories("account"))))
        .containsExactly("account-1 Deposited");
    assertThat(found(Query.of(QueryItem.types("Opened").withTags("red").withCategories("account"))))
        .isEmpty();
  }

  @Test
  void one_item_that_holds_is_enough_and_an_event_comes_once() {
    givenEveryKind();

    assertThat(
            found(
                Query.of(
                    QueryItem.types("Closed"),
                    QueryItem.tags("red"),
                    QueryItem.categories("order"))))
        .containsExactly("account-1 Deposited", "account-1 Closed", "order-1 Opened");
  }

  @Test
  void a_query_without_items_and_an_item_without_parts_match_everything() {
    givenEveryKind();

    assertThat(found(Query.all())).hasSize(5);
    assertThat(found(Query.of(QueryItem.types("Opened"), QueryItem.types(new String[0]))))
        .hasSize(5);
  }

  private void givenEveryKind() {
    givenOne("account-1", "Opened");
    store.append("account-1", any(), NewEvent.builder("Deposited").tag("red").tag("blue").build());
    givenOne("account-1", "Closed");
    store.append("order-1", any(), NewEvent.builder("Opened").tag("big").tag("red").build());
    givenOne("accounting", "Booked");
  }

  private List<String> found(Query query) {
    List<String> forwards = describe(read(ReadLog.all().query(query)));
    List<String> backwards = describe(read(ReadLog.all().query(query).backwards()));
    assertThat(backwards).isEqualTo(forwards.reversed());
    return forwards;
  }

  private static List<String> describe(List<RecordedEvent> events) {
    return events.stream().map(event -> event.stream() + " " + event.type()).toList();
  }

  @Test
  void a_read_of_the_log_sees_nothing_that_is_appended_after_it_began() {
    given(ACCOUNT, 50);

    try (EventReader reader = store.readLog(ReadLog.all())) {
      Iterator<RecordedEvent> events = reader.iterator();
      events.next();
      given(ACCOUNT, 50);
      List<RecordedEvent> rest = new ArrayList<>();
      events.forEachRemaining(rest::add);
      assertThat(positions(rest)).hasSize(49).last().isEqualTo(50L);
      assertThat(reader.headPosition()).isEqualTo(50);
    }
  }

  @Test
  void a_long_log_arrives_whole_in_both_directions() {
    for (int i = 0; i < 10; i++) {
      given(i % 2 == 0 ? ACCOUNT : OTHER, 1_000);
    }

    List<Long> all = LongStream.rangeClosed(1, 10_000).boxed().toList();
    assertThat(positions(read(ReadLog.all()))).isEqualTo(all);
    assertThat(positions(read(ReadLog.all().backwards()))).isEqualTo(all.reversed());
    assertThat(read(ReadLog.all().query(Query.categories("order")))).hasSize(5_000);
  }
}
