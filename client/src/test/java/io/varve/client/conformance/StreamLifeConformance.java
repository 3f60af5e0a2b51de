package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static io.varve.client.streams.ExpectedVersion.streamExists;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Deleting streams, reopening them, closing them for ever, and the trail that this leaves. */
abstract class StreamLifeConformance extends StoreTests {

  static final String AUDIT = "$streams";

  // ---- what is known about a stream

  @Test
  void a_stream_is_described_by_its_versions_times_and_place() {
    RecordedEvent first = givenAndRead(1).getFirst();
    untilLaterThan(first.recordedAt());
    RecordedEvent last = givenAndRead(2).getLast();

    assertThat(info(ACCOUNT))
        .isEqualTo(
            new StreamInfo(
                ACCOUNT,
                3,
                1,
                3,
                first.recordedAt(),
                last.recordedAt(),
                last.position(),
                Retention.everything(),
                0,
                StreamLife.OPEN));
  }

  private List<RecordedEvent> givenAndRead(int count) {
    given(ACCOUNT, count);
    return read(ReadStream.of(ACCOUNT));
  }

  @Test
  void nothing_is_known_about_a_stream_that_never_had_an_event() {
    given("account-421", 1);

    assertThat(store.streams().get(ACCOUNT)).isEmpty();
  }

  @Test
  void a_streams_name_is_checked_when_it_is_asked_about() {
    given(ACCOUNT, 1);

    for (String wrong : List.of("", "a\nb", "x".repeat(513))) {
      assertInvalid("stream", () -> store.streams().get(wrong));
    }
  }

  // ---- deleting

  @Test
  void a_deleted_stream_is_as_if_it_were_not_there() {
    given(ACCOUNT, 3);

    store.streams().delete(ACCOUNT);

    StreamNotFoundException refusal =
        refusal(StreamNotFoundException.class, () -> read(ReadStream.of(ACCOUNT)));
    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
    assertThat(refusal.getMessage()).contains("deleted");
    refusal(StreamNotFoundException.class, () -> read(ReadStream.of(ACCOUNT).backwards()));
    refusal(StreamNotFoundException.class, () -> read(ReadStream.of(ACCOUNT).fromVersion(2)));
    assertThat(store.getEvent(ACCOUNT, 1)).isEmpty();
    assertThat(store.getEvent(ACCOUNT, 9)).isEmpty();
  }

  @Test
  void a_deleted_stream_is_still_described() {
    given(ACCOUNT, 3);
    RecordedEvent last = read(ReadStream.of(ACCOUNT)).getLast();

    store.streams().delete(ACCOUNT);

    StreamInfo info = info(ACCOUNT);
    assertThat(info.life()).isEqualTo(StreamLife.DELETED);
    assertThat(info.version()).isEqualTo(3);
    assertThat(info.firstKeptVersion()).isEqualTo(4);
    assertThat(info.eventCount()).isZero();
    assertThat(info.lastPosition()).isEqualTo(last.position());
    assertThat(info.lastAppendedAt()).isEqualTo(last.recordedAt());
    assertThat(info.createdAt()).isNotNull();
  }

  @Test
  void deleting_a_stream_touches_no_other() {
    given(ACCOUNT, 2);
    given("account-421", 2);
    given(OTHER, 2);

    store.streams().delete(ACCOUNT);

    assertThat(read(ReadStream.of("account-421"))).hasSize(2);
    assertThat(read(ReadStream.of(OTHER))).hasSize(2);
  }

  @Test
  void an_append_that_expects_nothing_no_stream_or_the_last_version_reopens_a_deleted_stream() {
    for (ExpectedVersion expected : List.of(any(), noStream(), exactly(0), exactly(3))) {
      String stream = "reopened-" + expected.toString().replace(' ', '-');
      given(stream, 3);
      store.streams().delete(stream);

      assertThat(store.append(stream, expected, events(2)).version()).isEqualTo(5);

      assertThat(versions(read(ReadStream.of(stream)))).containsExactly(4L, 5L);
      assertThat(info(stream).life()).isEqualTo(StreamLife.OPEN);
      assertThat(info(stream).firstKeptVersion()).isEqualTo(4);
      assertThat(info(stream).eventCount()).isEqualTo(2);
    }
  }

  @Test
  void what_was_deleted_stays_hidden_after_the_stream_was_reopened() {
    given(ACCOUNT, 3);
    store.streams().delete(ACCOUNT);
    given(ACCOUNT, 2);

    EventsNotKeptException refusal =
        refusal(EventsNotKeptException.class, () -> read(ReadStream.of(ACCOUNT).fromVersion(2)));
    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
    assertThat(refusal.first()).isEqualTo(4);
    refusal(EventsNotKeptException.class, () -> store.getEvent(ACCOUNT, 3));
    assertThat(versions(read(ReadStream.of(ACCOUNT).backwards()))).containsExactly(5L, 4L);
    assertThat(store.getEvent(ACCOUNT, 4)).isPresent();
  }

  @Test
  void an_append_that_expects_a_deleted_stream_to_exist_is_told_that_it_is_deleted() {
    given(ACCOUNT, 3);
    store.streams().delete(ACCOUNT);

    StreamDeletedException refusal =
        refusal(
            StreamDeletedException.class, () -> store.append(ACCOUNT, streamExists(), events(1)));

    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
    assertThat(refusal.retryable()).isFalse();
    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.DELETED);
  }

  @Test
  void an_append_that_expects_another_version_of_a_deleted_stream_conflicts() {
    given(ACCOUNT, 3);
    store.streams().delete(ACCOUNT);

    for (long wrong : new long[] {1, 2, 4}) {
      VersionConflictException conflict =
          refusal(
              VersionConflictException.class,
              () -> store.append(ACCOUNT, exactly(wrong), events(1)));
      assertThat(conflict.actualVersion()).isEqualTo(3);
    }
    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.DELETED);
  }

  @Test
  void a_transaction_reopens_a_deleted_stream_only_by_writing_to_it() {
    given(ACCOUNT, 3);
    store.streams().delete(ACCOUNT);

    store.transact(Transaction.builder().check(ACCOUNT, noStream()).build());
    store.transact(Transaction.builder().check(ACCOUNT, exactly(3)).build());
    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.DELETED);
    refusal(
        StreamDeletedException.class,
        () -> store.transact(Transaction.builder().check(ACCOUNT, streamExists()).build()));

    TransactionResult result =
        store.transact(Transaction.builder().append(ACCOUNT, noStream(), events(1)).build());
    assertThat(result.version(ACCOUNT)).isEqualTo(4);
    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.OPEN);
  }

  @Test
  void a_repeat_of_events_of_a_deleted_stream_is_found_and_does_not_reopen_it() {
    List<NewEvent> events = given(ACCOUNT, 2);
    store.streams().delete(ACCOUNT);

    assertThat(store.append(ACCOUNT, any(), events).deduplicated()).isTrue();

    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.DELETED);
  }

  @Test
  void a_stream_may_be_deleted_and_reopened_again_and_again() {
    for (int round = 1; round <= 4; round++) {
      assertThat(store.append(ACCOUNT, noStream(), events(2)).version()).isEqualTo(2L * round);
      assertThat(versions(read(ReadStream.of(ACCOUNT))))
          .containsExactly(2L * round - 1, 2L * round);
      store.streams().delete(ACCOUNT, StreamChange.plain().expecting(2L * round));
    }
  }

  @Test
  void only_a_stream_that_is_open_and_has_events_can_be_deleted() {
    given(ACCOUNT, 1);
    store.streams().delete(ACCOUNT);
    store.streams().tombstone("closed");

    refusal(StreamDeletedException.class, () -> store.streams().delete(ACCOUNT));
    refusal(StreamTombstonedException.class, () -> store.streams().delete("closed"));
    StreamNotFoundException refusal =
        refusal(StreamNotFoundException.class, () -> store.streams().delete("never"));
    assertThat(refusal.stream()).isEqualTo("never");
  }

  // ---- closing for ever

  @Test
  void a_stream_that_is_closed_for_ever_can_be_neither_read_nor_written() {
    given(ACCOUNT, 3);

    store.streams().tombstone(ACCOUNT);

    for (Runnable call :
        List.<Runnable>of(
            () -> read(ReadStream.of(ACCOUNT)),
            () -> read(ReadStream.of(ACCOUNT).backwards()),
            () -> store.getEvent(ACCOUNT, 1),
            () -> store.append(ACCOUNT, any(), events(1)),
            () -> store.append(ACCOUNT, noStream(), events(1)),
            () -> store.append(ACCOUNT, streamExists(), events(1)),
            () -> store.append(ACCOUNT, exactly(3), events(1)),
            () -> store.append(ACCOUNT, exactly(9), events(1)),
            () ->
                store.transact(
                    Transaction.builder()
                        .append(OTHER, any(), events(1))
                        .append(ACCOUNT, any(), events(1))
                        .build()),
            () -> store.transact(Transaction.builder().check(ACCOUNT, exactly(3)).build()))) {
      StreamTombstonedException refusal = refusal(StreamTombstonedException.class, call);
      assertThat(refusal.stream()).isEqualTo(ACCOUNT);
      assertThat(refusal.retryable()).isFalse();
    }
    assertThat(store.streams().get(OTHER)).isEmpty();
  }

  @Test
  void a_stream_that_is_closed_for_ever_is_still_described() {
    given(ACCOUNT, 3);

    store.streams().tombstone(ACCOUNT);

    StreamInfo info = info(ACCOUNT);
    assertThat(info.life()).isEqualTo(StreamLife.TOMBSTONED);
    assertThat(info.version()).isEqualTo(3);
    assertThat(info.firstKeptVersion()).isEqualTo(4);
    assertThat(info.eventCount()).isZero();
  }

  @Test
  void a_stream_that_never_was_and_one_that_is_deleted_can_be_closed_for_ever() {
    given(ACCOUNT, 2);
    store.streams().delete(ACCOUNT);

    store.streams().tombstone(ACCOUNT);
    store.streams().tombstone("never");

    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.TOMBSTONED);
    assertThat(info("never").life()).isEqualTo(StreamLife.TOMBSTONED);
    assertThat(info("never").version()).isZero();
    assertThat(info("never").createdAt()).isNull();
    refusal(StreamTombstonedException.class, () -> store.append("never", any(), events(1)));
    refusal(StreamTombstonedException.class, () -> read(ReadStream.of("never")));
  }

  @Test
  void nothing_more_happens_to_a_stream_that_is_closed_for_ever() {
    given(ACCOUNT, 2);
    store.streams().tombstone(ACCOUNT);
    long before = head();

    refusal(StreamTombstonedException.class, () -> store.streams().tombstone(ACCOUNT));
    refusal(StreamTombstonedException.class, () -> store.streams().delete(ACCOUNT));
    refusal(StreamTombstonedException.class, () -> store.streams().truncate(ACCOUNT, 1));
    refusal(
        StreamTombstonedException.class,
        () -> store.streams().setRetention(ACCOUNT, Retention.newest(1)));
    assertThat(head()).isEqualTo(before);
  }

  @Test
  void a_repeat_of_events_of_a_closed_stream_is_still_found() {
    List<NewEvent> events = given(ACCOUNT, 2);
    store.streams().tombstone(ACCOUNT);

    assertThat(store.append(ACCOUNT, any(), events).deduplicated()).isTrue();
    assertThat(
            store
                .transact(Transaction.builder().append(ACCOUNT, noStream(), events).build())
                .deduplicated())
        .isTrue();
  }

  // ---- the log goes on

  @Test
  void the_log_and_look_ups_in_it_still_have_what_was_only_hidden() {
    given(ACCOUNT, 2);
    given(OTHER, 2);
    List<RecordedEvent> events = read(ReadLog.all());

    store.streams().delete(ACCOUNT);
    store.streams().tombstone(OTHER);

    assertThat(read(ReadLog.all().toPosition(4))).isEqualTo(events);
    for (RecordedEvent event : events) {
      assertThat(store.getEvent(event.id())).contains(event);
      assertThat(store.getEvent(event.position())).contains(event);
    }
  }

  @Test
  void a_condition_sees_what_a_read_of_the_log_sees_hidden_and_system_events_included() {
    given(ACCOUNT, 1);
    long deleted = store.streams().delete(ACCOUNT);

    for (Map.Entry<Query, Long> expected :
        Map.of(Query.types("Happened"), 1L, Query.types("$StreamDeleted"), deleted).entrySet()) {
      ConditionFailedException refusal =
          refusal(
              ConditionFailedException.class,
              () ->
                  store.transact(
                      Transaction.builder()
                          .append(OTHER, any(), events(1))
                          .condition(AppendCondition.noMatch(expected.getKey()))
                          .build()));
      assertThat(refusal.position()).isEqualTo(expected.getValue());
    }
  }

  // ---- subscriptions

  @Test
  void a_subscription_to_a_deleted_stream_waits_until_it_is_reopened() {
    given(ACCOUNT, 3);
    store.streams().delete(ACCOUNT);
    RecordingListener listener = new RecordingListener();
    try (Subscription subscription =
        store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener)) {
      await().until(() -> !listener.caughtUps.isEmpty());
      assertThat(listener.events).isEmpty();
      given(ACCOUNT, 2);
      await().until(() -> listener.versions().equals(List.of(4L, 5L)));
      assertThat(subscription.closed()).isNotDone();
    }
  }

  @Test
  void a_subscription_that_is_open_when_its_stream_is_deleted_goes_on_when_it_is_reopened() {
    given(ACCOUNT, 1);
    RecordingListener listener = new RecordingListener();
    try (Subscription subscription =
        store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener)) {
      await().until(() -> listener.versions().equals(List.of(1L)));
      store.streams().delete(ACCOUNT);
      given(ACCOUNT, 1);
      await().until(() -> listener.versions().equals(List.of(1L, 2L)));
      assertThat(subscription.closed()).isNotDone();
    }
  }

  @Test
  void a_stream_that_is_closed_for_ever_cannot_be_subscribed_to() {
    given(ACCOUNT, 1);
    store.streams().tombstone(ACCOUNT);
    RecordingListener listener = new RecordingListener();

    StreamTombstonedException refusal =
        refusal(
            StreamTombstonedException.class,
            () -> store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener));

    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
    assertThat(listener.closings).hasValue(0);
  }

  @Test
  void a_subscription_that_is_open_when_its_stream_is_closed_for_ever_stays_open_and_silent() {
    given(ACCOUNT, 1);
    RecordingListener listener = new RecordingListener();
    RecordingListener log = new RecordingListener();
    try (Subscription subscription =
            store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener);
        Subscription ofLog = store.subscribeToLog(SubscribeToLog.all(), log)) {
      await().until(() -> listener.versions().equals(List.of(1L)));
      store.streams().tombstone(ACCOUNT);
      given(OTHER, 2);
      await().until(() -> log.events.size() == 4);
      assertThat(subscription.closed()).isNotDone();
      assertThat(ofLog.closed()).isNotDone();
    }
    assertThat(listener.versions()).containsExactly(1L);
  }

  // ---- the trail

  @Test
  void every_change_is_one_event_of_the_system_stream_whose_position_is_the_answer() {
    given(ACCOUNT, 3);
    long retention = store.streams().setRetention(ACCOUNT, Retention.newest(100));
    long truncated = store.streams().truncate(ACCOUNT, 2);
    long deleted = store.streams().delete(ACCOUNT);
    long tombstoned = store.streams().tombstone(ACCOUNT);

    List<RecordedEvent> trail = read(ReadStream.of(AUDIT));

    assertThat(types(trail))
        .containsExactly(
            "$RetentionSet", "$StreamTruncated", "$StreamDeleted", "$StreamTombstoned");
    assertThat(positions(trail)).containsExactly(retention, truncated, deleted, tombstoned);
    assertThat(versions(trail)).containsExactly(1L, 2L, 3L, 4L);
    assertThat(trail).allMatch(event -> event.contentType().equals("application/json"));
    assertThat(trail).allMatch(event -> event.tags().equals(List.of("stream:" + ACCOUNT)));
    assertThat(trail)
        .allMatch(event -> json(event).contains("\"stream\":\"" + ACCOUNT + "\""))
        .allMatch(event -> json(event).matches(".*\"version\":\"?3\"?.*"))
        .allMatch(event -> json(event).matches(".*\"by\":\"[^\"]+\".*"));
    assertThat(read(ReadLog.all().query(Query.tags("stream:" + ACCOUNT)))).isEqualTo(trail);
  }

  private static String json(RecordedEvent event) {
    return event.dataAsString().replaceAll("\\s*:\\s*", ":").replaceAll("\\s*,\\s*", ",");
  }

  @Test
  void a_change_is_recorded_with_its_reason() {
    given(ACCOUNT, 3);

    store.streams().truncate(ACCOUNT, 2, StreamChange.because("case 17"));
    store.streams().delete(ACCOUNT, StreamChange.because("the customer \"Ada\" left\nfor good"));

    List<RecordedEvent> trail = read(ReadStream.of(AUDIT));
    assertThat(json(trail.get(0))).contains("\"reason\":\"case 17\"");
    assertThat(json(trail.get(1)))
        .contains("\"reason\":\"the customer \\\"Ada\\\" left\\nfor good\"");
  }

  @Test
  void a_refused_change_is_not_recorded() {
    given(ACCOUNT, 3);

    refusal(StreamNotFoundException.class, () -> store.streams().delete("never"));
    refusal(
        VersionConflictException.class,
        () -> store.streams().tombstone(ACCOUNT, StreamChange.plain().expecting(2)));

    assertThat(head()).isEqualTo(3);
    assertThat(read(ReadStream.of(ACCOUNT))).hasSize(3);
  }

  @Test
  void a_change_expects_a_version_if_it_is_told_one() {
    given(ACCOUNT, 3);
    StreamChange wrong = StreamChange.plain().expecting(2);
    StreamChange right = StreamChange.plain().expecting(3);

    for (Runnable call :
        List.<Runnable>of(
            () -> store.streams().setRetention(ACCOUNT, Retention.newest(1), wrong),
            () -> store.streams().truncate(ACCOUNT, 2, wrong),
            () -> store.streams().delete(ACCOUNT, wrong),
            () -> store.streams().tombstone(ACCOUNT, wrong))) {
      VersionConflictException conflict = refusal(VersionConflictException.class, call);
      assertThat(conflict.stream()).isEqualTo(ACCOUNT);
      assertThat(conflict.expected()).isEqualTo(exactly(2));
      assertThat(conflict.actualVersion()).isEqualTo(3);
    }
    assertThat(read(ReadStream.of(ACCOUNT))).hasSize(3);

    store.streams().setRetention(ACCOUNT, Retention.newest(100), right);
    store.streams().truncate(ACCOUNT, 2, right);
    store.streams().delete(ACCOUNT, right);
    store.streams().tombstone(ACCOUNT, right);
    store.streams().tombstone("never", StreamChange.plain().expecting(0));
    refusal(
        VersionConflictException.class,
        () -> store.streams().tombstone("nor-this", StreamChange.plain().expecting(1)));
    assertThat(info("never").life()).isEqualTo(StreamLife.TOMBSTONED);
  }

  @Test
  void a_reason_has_at_most_1024_bytes_and_no_control_characters_but_line_feed_and_tab() {
    given(ACCOUNT, 3);
    String longest = "é".repeat(512);

    for (String wrong : List.of(longest + "x", "a\u0000b", "bell\u0007", "return\r")) {
      StreamChange change = StreamChange.because(wrong);
      assertInvalid("reason", () -> store.streams().delete(ACCOUNT, change));
      assertInvalid("reason", () -> store.streams().truncate(ACCOUNT, 2, change));
      assertInvalid("reason", () -> store.streams().tombstone(ACCOUNT, change));
      assertInvalid(
          "reason", () -> store.streams().setRetention(ACCOUNT, Retention.newest(1), change));
    }
    assertThat(head()).isEqualTo(3);
    store.streams().truncate(ACCOUNT, 2, StreamChange.because(longest));
    store.streams().delete(ACCOUNT, StreamChange.because("line\none\ttwo"));
    assertThat(head()).isEqualTo(5);
  }

  @Test
  void system_streams_cannot_be_changed() {
    given(ACCOUNT, 1);
    store.streams().delete(ACCOUNT);

    assertInvalid("stream", () -> store.streams().delete(AUDIT));
    assertInvalid("stream", () -> store.streams().truncate(AUDIT, 1));
    assertInvalid("stream", () -> store.streams().tombstone(AUDIT));
    assertInvalid("stream", () -> store.streams().setRetention(AUDIT, Retention.newest(1)));
    assertThat(read(ReadStream.of(AUDIT))).hasSize(1);
  }

  @Test
  void a_streams_name_is_checked_when_it_is_changed() {
    given(ACCOUNT, 1);

    for (String wrong : List.of("", "a\nb", "x".repeat(513))) {
      assertInvalid("stream", () -> store.streams().delete(wrong));
      assertInvalid("stream", () -> store.streams().truncate(wrong, 1));
      assertInvalid("stream", () -> store.streams().tombstone(wrong));
      assertInvalid("stream", () -> store.streams().setRetention(wrong, Retention.newest(1)));
    }
  }

  static void assertInvalid(String field, Runnable call) {
    InvalidRequestException refusal = refusal(InvalidRequestException.class, call);
    assertThat(refusal.violations()).anyMatch(violation -> violation.field().contains(field));
  }
}
