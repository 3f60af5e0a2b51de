package io.varve.client.conformance;

import static io.varve.client.conformance.StreamLifeConformance.assertInvalid;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static io.varve.client.streams.ExpectedVersion.streamExists;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventsNotKeptException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamLife;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.VersionConflictException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is kept of a stream: by count, by age, and by truncation. */
abstract class RetentionConformance extends StoreTests {

  private List<Long> kept(String stream) {
    return versions(read(ReadStream.of(stream)));
  }

  private void assertNotKept(long first, Runnable call) {
    EventsNotKeptException refusal = refusal(EventsNotKeptException.class, call);
    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
    assertThat(refusal.first()).isEqualTo(first);
    assertThat(refusal.retryable()).isFalse();
  }

  // ---- by count

  @Test
  void only_the_newest_events_are_kept_at_once_and_from_then_on() {
    given(ACCOUNT, 5);

    store.streams().setRetention(ACCOUNT, Retention.newest(3));
    assertThat(kept(ACCOUNT)).containsExactly(3L, 4L, 5L);

    given(ACCOUNT, 2);
    assertThat(kept(ACCOUNT)).containsExactly(5L, 6L, 7L);
  }

  @Test
  void a_stream_with_retention_is_described_by_what_is_kept() {
    given(ACCOUNT, 5);

    store.streams().setRetention(ACCOUNT, new Retention(3, Duration.ofDays(400)));

    assertThat(info(ACCOUNT).retention()).isEqualTo(new Retention(3, Duration.ofDays(400)));
    assertThat(info(ACCOUNT).version()).isEqualTo(5);
    assertThat(info(ACCOUNT).firstKeptVersion()).isEqualTo(3);
    assertThat(info(ACCOUNT).eventCount()).isEqualTo(3);
    assertThat(info(ACCOUNT).truncateBefore()).isZero();
    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.OPEN);
  }

  @Test
  void a_count_that_the_stream_has_not_reached_hides_nothing() {
    given(ACCOUNT, 3);

    store.streams().setRetention(ACCOUNT, Retention.newest(3));
    assertThat(kept(ACCOUNT)).containsExactly(1L, 2L, 3L);
    store.streams().setRetention(ACCOUNT, Retention.newest(Long.MAX_VALUE));
    assertThat(kept(ACCOUNT)).containsExactly(1L, 2L, 3L);
  }

  @Test
  void a_wider_retention_later_does_not_bring_back_what_was_hidden() {
    given(ACCOUNT, 5);
    store.streams().setRetention(ACCOUNT, Retention.newest(2));

    store.streams().setRetention(ACCOUNT, Retention.newest(4));
    assertThat(kept(ACCOUNT)).containsExactly(4L, 5L);
    store.streams().setRetention(ACCOUNT, Retention.everything());
    assertThat(kept(ACCOUNT)).containsExactly(4L, 5L);

    given(ACCOUNT, 5);
    assertThat(kept(ACCOUNT)).containsExactly(4L, 5L, 6L, 7L, 8L, 9L, 10L);
    assertThat(info(ACCOUNT).retention()).isEqualTo(Retention.everything());
  }

  @Test
  void retention_may_be_set_before_the_stream_has_an_event() {
    store.streams().setRetention(ACCOUNT, Retention.newest(2));

    assertThat(info(ACCOUNT).version()).isZero();
    assertThat(info(ACCOUNT).retention()).isEqualTo(Retention.newest(2));
    assertThat(info(ACCOUNT).createdAt()).isNull();
    refusal(StreamNotFoundException.class, () -> read(ReadStream.of(ACCOUNT)));
    store.append(ACCOUNT, noStream(), events(5));
    assertThat(kept(ACCOUNT)).containsExactly(4L, 5L);
  }

  @Test
  void retention_of_one_stream_touches_no_other() {
    given(ACCOUNT, 5);
    given("account-421", 5);

    store.streams().setRetention(ACCOUNT, Retention.newest(1));

    assertThat(kept("account-421")).hasSize(5);
  }

  // ---- by age

  @Test
  void events_that_are_older_than_the_age_are_hidden_in_time() {
    given(ACCOUNT, 3);

    store.streams().setRetention(ACCOUNT, Retention.within(Duration.ofMillis(1)));

    await().until(() -> kept(ACCOUNT).isEmpty());
    assertThat(info(ACCOUNT).version()).isEqualTo(3);
    assertThat(info(ACCOUNT).firstKeptVersion()).isEqualTo(4);
    assertThat(info(ACCOUNT).eventCount()).isZero();
  }

  @Test
  void an_age_that_no_event_has_reached_hides_nothing() {
    given(ACCOUNT, 3);

    store.streams().setRetention(ACCOUNT, Retention.within(Duration.ofDays(1)));
    assertThat(kept(ACCOUNT)).containsExactly(1L, 2L, 3L);
    store.streams().setRetention(ACCOUNT, Retention.within(Duration.ofDays(3_000_000)));
    assertThat(kept(ACCOUNT)).containsExactly(1L, 2L, 3L);
    assertThat(info(ACCOUNT).retention().maxAge()).isEqualTo(Duration.ofDays(3_000_000));
  }

  @Test
  void what_an_age_has_hidden_stays_hidden_and_versions_go_on() {
    given(ACCOUNT, 3);
    store.streams().setRetention(ACCOUNT, Retention.within(Duration.ofMillis(1)));
    await().until(() -> kept(ACCOUNT).isEmpty());

    store.streams().setRetention(ACCOUNT, Retention.everything());

    assertThat(kept(ACCOUNT)).isEmpty();
    assertThat(store.append(ACCOUNT, exactly(3), events(1)).version()).isEqualTo(4);
    assertThat(kept(ACCOUNT)).containsExactly(4L);
  }

  @Test
  void count_and_age_must_both_keep_an_event() {
    given(ACCOUNT, 5);

    store.streams().setRetention(ACCOUNT, new Retention(2, Duration.ofDays(1)));
    assertThat(kept(ACCOUNT)).containsExactly(4L, 5L);
    store.streams().setRetention(ACCOUNT, new Retention(100, Duration.ofMillis(1)));
    await().until(() -> kept(ACCOUNT).isEmpty());
  }

  @Test
  void an_age_is_positive() {
    given(ACCOUNT, 1);

    assertInvalid(
        "max_age", () -> store.streams().setRetention(ACCOUNT, Retention.within(Duration.ZERO)));
    assertInvalid(
        "max_age",
        () -> store.streams().setRetention(ACCOUNT, Retention.within(Duration.ofMillis(-1_500))));
    assertThat(kept(ACCOUNT)).hasSize(1);
  }

  // ---- by truncation

  @Test
  void truncation_hides_the_events_before_a_version() {
    given(ACCOUNT, 5);

    store.streams().truncate(ACCOUNT, 3);

    assertThat(kept(ACCOUNT)).containsExactly(3L, 4L, 5L);
    assertThat(info(ACCOUNT).truncateBefore()).isEqualTo(3);
    assertThat(info(ACCOUNT).firstKeptVersion()).isEqualTo(3);
    assertThat(info(ACCOUNT).retention()).isEqualTo(Retention.everything());
    given(ACCOUNT, 1);
    assertThat(kept(ACCOUNT)).containsExactly(3L, 4L, 5L, 6L);
  }

  @Test
  void truncation_before_the_first_version_hides_nothing() {
    given(ACCOUNT, 2);

    store.streams().truncate(ACCOUNT, 1);

    assertThat(kept(ACCOUNT)).containsExactly(1L, 2L);
  }

  @Test
  void a_stream_that_is_truncated_as_a_whole_is_empty_and_goes_on() {
    given(ACCOUNT, 3);

    store.streams().truncate(ACCOUNT, 4);

    assertThat(kept(ACCOUNT)).isEmpty();
    assertThat(read(ReadStream.of(ACCOUNT).backwards())).isEmpty();
    refusal(VersionConflictException.class, () -> store.append(ACCOUNT, noStream(), events(1)));
    assertThat(store.append(ACCOUNT, streamExists(), events(1)).version()).isEqualTo(4);
    assertThat(kept(ACCOUNT)).containsExactly(4L);
  }

  @Test
  void a_truncation_is_at_most_one_more_than_the_version() {
    given(ACCOUNT, 3);

    InvalidRequestException refusal =
        refusal(InvalidRequestException.class, () -> store.streams().truncate(ACCOUNT, 5));

    assertThat(refusal.getMessage()).contains("truncate_before").contains("4");
    assertThat(kept(ACCOUNT)).hasSize(3);
  }

  @Test
  void a_truncation_is_never_lower_than_an_earlier_one_but_may_be_repeated() {
    given(ACCOUNT, 5);
    store.streams().truncate(ACCOUNT, 3);

    assertInvalid("truncate_before", () -> store.streams().truncate(ACCOUNT, 2));
    store.streams().truncate(ACCOUNT, 3);
    assertThat(kept(ACCOUNT)).containsExactly(3L, 4L, 5L);
    store.streams().truncate(ACCOUNT, 4);
    assertThat(kept(ACCOUNT)).containsExactly(4L, 5L);
  }

  @Test
  void a_truncation_names_a_version_of_1_or_higher() {
    given(ACCOUNT, 1);

    for (long wrong : new long[] {0, -1, Long.MIN_VALUE}) {
      assertInvalid("truncate_before", () -> store.streams().truncate(ACCOUNT, wrong));
    }
  }

  @Test
  void only_an_open_stream_with_events_can_be_truncated() {
    given(ACCOUNT, 2);
    store.streams().delete(ACCOUNT);
    store.streams().setRetention("only-retention", Retention.newest(1));

    refusal(StreamNotFoundException.class, () -> store.streams().truncate("never", 1));
    refusal(StreamNotFoundException.class, () -> store.streams().truncate("only-retention", 1));
    StreamDeletedException refusal =
        refusal(StreamDeletedException.class, () -> store.streams().truncate(ACCOUNT, 1));
    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
  }

  @Test
  void of_truncation_and_retention_the_one_that_hides_more_holds() {
    given(ACCOUNT, 6);

    store.streams().truncate(ACCOUNT, 3);
    store.streams().setRetention(ACCOUNT, Retention.newest(5));
    assertThat(kept(ACCOUNT)).containsExactly(3L, 4L, 5L, 6L);
    store.streams().setRetention(ACCOUNT, Retention.newest(2));
    assertThat(kept(ACCOUNT)).containsExactly(5L, 6L);
    store.streams().truncate(ACCOUNT, 6);
    assertThat(kept(ACCOUNT)).containsExactly(6L);
  }

  @Test
  void a_deleted_stream_may_be_given_a_retention_which_holds_when_it_is_reopened() {
    given(ACCOUNT, 3);
    store.streams().delete(ACCOUNT);

    store.streams().setRetention(ACCOUNT, Retention.newest(2));

    assertThat(info(ACCOUNT).life()).isEqualTo(StreamLife.DELETED);
    given(ACCOUNT, 3);
    assertThat(kept(ACCOUNT)).containsExactly(5L, 6L);
  }

  // ---- reads

  @Test
  void a_read_forwards_from_a_hidden_version_is_told_the_first_that_is_kept() {
    given(ACCOUNT, 5);
    store.streams().truncate(ACCOUNT, 4);

    assertNotKept(4, () -> read(ReadStream.of(ACCOUNT).fromVersion(1)));
    assertNotKept(4, () -> read(ReadStream.of(ACCOUNT).fromVersion(3)));
    assertThat(versions(read(ReadStream.of(ACCOUNT).fromVersion(4)))).containsExactly(4L, 5L);
    assertThat(read(ReadStream.of(ACCOUNT).fromVersion(6))).isEmpty();
  }

  @Test
  void a_read_forwards_from_a_version_of_a_stream_that_is_all_hidden_is_told_the_next_version() {
    given(ACCOUNT, 3);
    store.streams().truncate(ACCOUNT, 4);

    assertNotKept(4, () -> read(ReadStream.of(ACCOUNT).fromVersion(3)));
    assertThat(read(ReadStream.of(ACCOUNT).fromVersion(4))).isEmpty();
  }

  @Test
  void a_read_backwards_ends_at_the_first_version_that_is_kept() {
    given(ACCOUNT, 5);
    store.streams().truncate(ACCOUNT, 3);

    assertThat(versions(read(ReadStream.of(ACCOUNT).backwards()))).containsExactly(5L, 4L, 3L);
    assertThat(versions(read(ReadStream.of(ACCOUNT).backwards().fromVersion(4))))
        .containsExactly(4L, 3L);
    assertThat(read(ReadStream.of(ACCOUNT).backwards().fromVersion(2))).isEmpty();
  }

  @Test
  void a_stream_as_of_a_time_has_only_what_is_still_kept_of_it() {
    AppendResult early = givenOne(ACCOUNT, "Early");
    untilLaterThan(early.recordedAt());
    AppendResult middle = givenOne(ACCOUNT, "Middle");
    untilLaterThan(middle.recordedAt());
    givenOne(ACCOUNT, "Late");

    store.streams().truncate(ACCOUNT, 2);

    assertThat(types(read(ReadStream.of(ACCOUNT).asOf(middle.recordedAt()))))
        .containsExactly("Middle");
    assertThat(read(ReadStream.of(ACCOUNT).asOf(early.recordedAt()))).isEmpty();
  }

  @Test
  void a_hidden_event_is_not_found_by_its_version_but_by_its_id_and_position() {
    given(ACCOUNT, 4);
    List<RecordedEvent> events = read(ReadStream.of(ACCOUNT));

    store.streams().truncate(ACCOUNT, 3);

    assertNotKept(3, () -> store.getEvent(ACCOUNT, 1));
    assertNotKept(3, () -> store.getEvent(ACCOUNT, 2));
    assertThat(store.getEvent(ACCOUNT, 3)).contains(events.get(2));
    assertThat(store.getEvent(ACCOUNT, 5)).isEmpty();
    assertThat(store.getEvent(events.get(0).id())).contains(events.get(0));
    assertThat(store.getEvent(1)).contains(events.get(0));
  }

  @Test
  void a_read_that_has_begun_keeps_what_it_has_seen() {
    given(ACCOUNT, 10);

    try (var reader = store.readStream(ReadStream.of(ACCOUNT))) {
      var events = reader.iterator();
      assertThat(events.next().version()).isEqualTo(1);
      store.streams().truncate(ACCOUNT, 11);
      int rest = 0;
      while (events.hasNext()) {
        events.next();
        rest++;
      }
      assertThat(rest).isEqualTo(9);
    }
  }

  @Test
  void the_log_and_its_subscribers_have_what_is_only_hidden() {
    given(ACCOUNT, 4);
    store.streams().truncate(ACCOUNT, 5);
    RecordingListener listener = new RecordingListener();

    assertThat(read(ReadLog.all().query(Query.categories("account")))).hasSize(4);
    try (Subscription subscription =
        store.subscribeToLog(SubscribeToLog.all().query(Query.categories("account")), listener)) {
      await().until(() -> listener.versions().equals(List.of(1L, 2L, 3L, 4L)));
      assertThat(subscription.closed()).isNotDone();
    }
  }

  // ---- subscriptions

  @Test
  void a_subscription_to_a_stream_delivers_what_is_kept() {
    given(ACCOUNT, 5);
    store.streams().truncate(ACCOUNT, 4);
    RecordingListener listener = new RecordingListener();
    try (Subscription subscription =
        store.subscribeToStream(SubscribeToStream.of(ACCOUNT), listener)) {
      await().until(() -> listener.versions().equals(List.of(4L, 5L)));
      given(ACCOUNT, 1);
      await().until(() -> listener.versions().equals(List.of(4L, 5L, 6L)));
      assertThat(subscription.closed()).isNotDone();
    }
  }

  @Test
  void a_subscription_that_resumes_after_a_hidden_version_goes_on_at_the_first_that_is_kept() {
    given(ACCOUNT, 5);
    store.streams().truncate(ACCOUNT, 4);
    RecordingListener listener = new RecordingListener();
    try (Subscription subscription =
        store.subscribeToStream(SubscribeToStream.of(ACCOUNT).after(1), listener)) {
      await().until(() -> listener.versions().equals(List.of(4L, 5L)));
      assertThat(subscription.closed()).isNotDone();
    }
  }
}
