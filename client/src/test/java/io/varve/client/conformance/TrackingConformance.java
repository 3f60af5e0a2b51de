package io.varve.client.conformance;

import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ConditionFailedException;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.VersionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A consumer's progress, stored together with what it produced. */
abstract class TrackingConformance extends StoreTests {

  private static final String SOURCE = "payments";

  private AppendResult appendAt(long position) {
    return store.append(ACCOUNT, any(), events(1), new Tracking(SOURCE, position));
  }

  @Test
  void a_source_has_no_position_before_one_is_stored() {
    given(ACCOUNT, 1);

    assertThat(store.tracking(SOURCE)).isEmpty();
  }

  @Test
  void a_position_is_stored_with_the_events_of_an_append() {
    assertThat(appendAt(7).version()).isEqualTo(1);

    assertThat(store.tracking(SOURCE)).hasValue(7);
  }

  @Test
  void a_position_is_stored_with_the_events_of_a_transaction() {
    store.transact(
        Transaction.builder()
            .append(ACCOUNT, any(), events(1))
            .append(OTHER, any(), events(1))
            .tracking(SOURCE, 7)
            .build());

    assertThat(store.tracking(SOURCE)).hasValue(7);
  }

  @Test
  void a_position_may_be_stored_without_any_event() {
    assertThat(store.transact(Transaction.builder().tracking(SOURCE, 7).build()).position())
        .isZero();

    assertThat(store.tracking(SOURCE)).hasValue(7);
    assertThat(head()).isZero();
  }

  @Test
  void a_position_must_be_higher_than_the_one_stored_and_may_leave_some_out() {
    appendAt(3);
    appendAt(4);
    appendAt(1_000);

    assertThat(store.tracking(SOURCE)).hasValue(1_000);
  }

  @Test
  void a_position_that_does_not_rise_refuses_the_append_and_tells_the_one_stored() {
    appendAt(7);

    for (long position : new long[] {7, 6, 1}) {
      TrackingNotRisingException refusal =
          refusal(TrackingNotRisingException.class, () -> appendAt(position));
      assertThat(refusal.source()).isEqualTo(SOURCE);
      assertThat(refusal.storedPosition()).isEqualTo(7);
      assertThat(refusal.retryable()).isFalse();
    }
    assertThat(head()).isEqualTo(1);
    assertThat(store.tracking(SOURCE)).hasValue(7);
  }

  @Test
  void a_position_that_does_not_rise_refuses_the_whole_transaction() {
    appendAt(7);

    for (long position : new long[] {7, 1}) {
      TrackingNotRisingException refusal =
          refusal(
              TrackingNotRisingException.class,
              () ->
                  store.transact(
                      Transaction.builder()
                          .append(OTHER, any(), events(2))
                          .tracking(SOURCE, position)
                          .build()));
      assertThat(refusal.storedPosition()).isEqualTo(7);
    }
    refusal(
        TrackingNotRisingException.class,
        () -> store.transact(Transaction.builder().tracking(SOURCE, 7).build()));
    assertThat(head()).isEqualTo(1);
  }

  @Test
  void sources_rise_each_for_itself() {
    appendAt(7);
    store.append(ACCOUNT, any(), events(1), new Tracking("payments-2", 3));
    store.append(ACCOUNT, any(), events(1), new Tracking("Zahlungen-ä-💶", 1));

    assertThat(store.tracking(SOURCE)).hasValue(7);
    assertThat(store.tracking("payments-2")).hasValue(3);
    assertThat(store.tracking("Zahlungen-ä-💶")).hasValue(1);
    assertThat(store.tracking("payment")).isEmpty();
  }

  @Test
  void a_refused_write_stores_no_position() {
    given(ACCOUNT, 1);

    refusal(
        VersionConflictException.class,
        () -> store.append(ACCOUNT, noStream(), events(1), new Tracking(SOURCE, 7)));
    refusal(
        VersionConflictException.class,
        () ->
            store.transact(
                Transaction.builder().check(ACCOUNT, exactly(9)).tracking(SOURCE, 7).build()));
    refusal(
        ConditionFailedException.class,
        () ->
            store.transact(
                Transaction.builder()
                    .append(OTHER, any(), events(1))
                    .condition(AppendCondition.noMatch(Query.all()))
                    .tracking(SOURCE, 7)
                    .build()));

    assertThat(store.tracking(SOURCE)).isEmpty();
    assertThat(head()).isEqualTo(1);
  }

  @Test
  void a_version_that_does_not_hold_is_told_before_a_position_that_does_not_rise() {
    appendAt(7);

    VersionConflictException conflict =
        refusal(
            VersionConflictException.class,
            () -> store.append(ACCOUNT, noStream(), events(1), new Tracking(SOURCE, 7)));

    assertThat(conflict.actualVersion()).isEqualTo(1);
  }

  @Test
  void a_repeated_append_is_found_whatever_position_it_brings_and_stores_none() {
    List<NewEvent> events = events(2);
    AppendResult original = store.append(ACCOUNT, noStream(), events, new Tracking(SOURCE, 7));

    for (long position : new long[] {7, 1, 100}) {
      AppendResult repeated =
          store.append(ACCOUNT, noStream(), events, new Tracking(SOURCE, position));
      assertThat(repeated)
          .isEqualTo(new AppendResult(2, original.position(), original.recordedAt(), true));
    }
    assertThat(store.tracking(SOURCE)).hasValue(7);
  }

  @Test
  void appends_in_flight_store_their_positions_in_the_order_of_the_calls() {
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      answers.add(store.appendAsync(ACCOUNT, any(), events(1), new Tracking(SOURCE, i)));
    }

    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i).join().version()).isEqualTo(i + 1);
    }
    assertThat(store.tracking(SOURCE)).hasValue(100);
  }

  @Test
  void of_racing_consumers_that_do_the_same_work_exactly_one_has_done_it() throws Exception {
    List<Callable<Boolean>> consumers = new ArrayList<>();
    for (int c = 0; c < 32; c++) {
      boolean transacts = c % 2 == 0;
      consumers.add(
          () -> {
            try {
              if (transacts) {
                store.transact(
                    Transaction.builder()
                        .append(ACCOUNT, any(), events(1))
                        .tracking(SOURCE, 1)
                        .build());
              } else {
                appendAt(1);
              }
              return true;
            } catch (TrackingNotRisingException refusal) {
              return false;
            }
          });
    }

    assertThat(together(consumers)).containsOnlyOnce(true);
    assertThat(head()).isEqualTo(1);
  }

  @Test
  void a_source_has_1_to_512_bytes_of_utf_8_without_control_characters() {
    String longest = "é".repeat(256);
    store.append(ACCOUNT, any(), events(1), new Tracking(longest, 1));
    assertThat(store.tracking(longest)).hasValue(1);

    for (String wrong : List.of("", longest + "x", "a\nb", "\u0000")) {
      assertInvalid(
          "source", () -> store.append(ACCOUNT, any(), events(1), new Tracking(wrong, 1)));
      assertInvalid("source", () -> store.tracking(wrong));
      assertInvalid(
          "source", () -> store.transact(Transaction.builder().tracking(wrong, 1).build()));
    }
    assertThat(head()).isEqualTo(1);
  }

  @Test
  void a_position_is_1_or_higher() {
    appendAt(1);

    assertInvalid(
        "tracking.position",
        () -> store.append(ACCOUNT, any(), events(1), new Tracking("other", 0)));
    assertThat(store.tracking("other")).isEmpty();
    store.append(ACCOUNT, any(), events(1), new Tracking("other", Long.MAX_VALUE));
    assertThat(store.tracking("other")).hasValue(Long.MAX_VALUE);
  }

  private static void assertInvalid(String field, Runnable call) {
    InvalidRequestException refusal = refusal(InvalidRequestException.class, call);
    assertThat(refusal.violations()).anyMatch(violation -> violation.field().contains(field));
  }
}
