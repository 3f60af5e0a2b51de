package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.error;
import static io.varve.client.connection.FakeServer.lost;
import static io.varve.client.connection.FakeServer.settings;
import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static io.varve.client.streams.ExpectedVersion.noStream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import io.varve.client.connection.FakeServer.TransactScript;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VersionConflictException;
import io.varve.proto.v1.StreamAppended;
import io.varve.proto.v1.StreamState;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import io.varve.proto.v1.VersionConflict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Transactions over a link that breaks, and a server that is full. */
class TransactionsTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  /** To be waited out, however far a transaction gets in it. */
  private static final Duration SHORT = Duration.ofMillis(300);

  private static final TransactScript WRITES =
      (request, answers) -> {
        answers.onNext(
            TransactResponse.newBuilder()
                .addStreams(StreamAppended.newBuilder().setStream("account-42").setVersion(3))
                .setPosition(9)
                .setRecordedAt(com.google.protobuf.Timestamp.newBuilder().setSeconds(1))
                .build());
        answers.onCompleted();
      };
  private static final TransactScript LOSES = (request, answers) -> answers.onError(lost());
  private static final TransactScript FULL =
      (request, answers) -> answers.onError(error(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL"));
  private static final TransactScript STARTING =
      (request, answers) -> answers.onError(error(Code.UNAVAILABLE, "NOT_SERVING"));

  /** Longer than {@link #LONG}, so that no other try is worth making. */
  private static final RetryInfo MUCH_LATER =
      RetryInfo.newBuilder()
          .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(600))
          .build();

  private static final TransactScript FULL_FOR_LONG =
      (request, answers) ->
          answers.onError(error(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", MUCH_LATER));
  private static final TransactScript STARTING_FOR_LONG =
      (request, answers) -> answers.onError(error(Code.UNAVAILABLE, "NOT_SERVING", MUCH_LATER));
  private static final TransactScript NOT_RISING =
      (request, answers) -> answers.onError(error(Code.FAILED_PRECONDITION, "TRACKING_NOT_RISING"));

  private final FakeServer server = new FakeServer();
  private GrpcEventStore client = server.client();

  @AfterEach
  void close() throws InterruptedException {
    client.close();
    server.close();
  }

  private void clientThat(Duration retriesFor, int maxInFlight) {
    client.close();
    client = server.client(settings(retriesFor, LONG, maxInFlight));
  }

  private static Transaction transaction() {
    return Transaction.builder()
        .append("account-42", exactly(2), NewEvent.builder("Happened").build())
        .tracking("payments", 7)
        .build();
  }

  @Test
  void everything_of_a_transaction_goes_over_the_wire() {
    server.transactions(WRITES);
    NewEvent event = NewEvent.json("Happened", "{}");

    TransactionResult result =
        client.transact(
            Transaction.builder()
                .append("account-42", exactly(2), event)
                .check("account-43", noStream())
                .condition(AppendCondition.noMatch(Query.tags("a")).after(5).since(Instant.EPOCH))
                .condition(AppendCondition.noMatch(Query.all()))
                .tracking("payments", 7)
                .build());

    assertThat(result.version("account-42")).isEqualTo(3);
    assertThat(result.position()).isEqualTo(9);
    assertThat(result.recordedAt()).isEqualTo(Instant.ofEpochSecond(1));
    TransactRequest sent = server.transactions.getFirst();
    assertThat(sent.getStreams(0).getVersion()).isEqualTo(2);
    assertThat(sent.getStreams(0).getEvents(0).getId()).isEqualTo(event.id().toString());
    assertThat(sent.getStreams(1).getState()).isEqualTo(StreamState.STREAM_STATE_NO_STREAM);
    assertThat(sent.getStreams(1).getEventsCount()).isZero();
    assertThat(sent.getConditions(0).getQuery().getItems(0).getTags(0)).isEqualTo("a");
    assertThat(sent.getConditions(0).getAfterPosition()).isEqualTo(5);
    assertThat(sent.getConditions(0).hasSince()).isTrue();
    assertThat(sent.getConditions(1).hasAfterPosition()).isFalse();
    assertThat(sent.getConditions(1).hasSince()).isFalse();
    assertThat(sent.getTracking().getPosition()).isEqualTo(7);
  }

  @Test
  void a_transaction_whose_credentials_went_is_settled_by_the_next_try_or_stays_in_doubt() {
    TransactScript ended =
        (request, answers) -> answers.onError(error(Code.UNAUTHENTICATED, "ACCESS_ENDED"));
    TransactScript turnedAway =
        (request, answers) -> answers.onError(error(Code.UNAUTHENTICATED, "UNAUTHENTICATED"));

    server.transactions(ended, WRITES, ended, turnedAway);

    assertThat(client.transact(transaction()).position()).isEqualTo(9);
    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(AccessDeniedException.class);
  }

  @Test
  void a_lost_link_and_a_full_server_are_tried_again_under_the_same_ids() {
    server.transactions(LOSES, FULL, STARTING, LOSES, WRITES);

    assertThat(client.transact(transaction()).position()).isEqualTo(9);

    assertThat(server.transactions).hasSize(5);
    assertThat(server.transactions.stream().distinct()).hasSize(1);
  }

  @Test
  void a_conflict_says_what_was_expected_of_that_stream() {
    VersionConflict conflict =
        VersionConflict.newBuilder().setStream("account-43").setActualVersion(4).build();
    server.transactions(
        (request, answers) -> answers.onError(error(Code.ABORTED, "VERSION_CONFLICT", conflict)));

    VersionConflictException refusal =
        catchThrowableOfType(
            VersionConflictException.class,
            () ->
                client.transact(
                    Transaction.builder()
                        .append("account-42", any(), NewEvent.builder("Happened").build())
                        .check("account-43", noStream())
                        .build()));

    assertThat(refusal.stream()).isEqualTo("account-43");
    assertThat(refusal.expected()).isEqualTo(noStream());
    assertThat(refusal.actualVersion()).isEqualTo(4);
    assertThat(server.transactions).hasSize(1);
  }

  @Test
  void when_the_time_is_over_after_a_lost_link_the_outcome_is_unknown() {
    clientThat(LONG, 10);
    server.transactions(LOSES, LOSES, STARTING_FOR_LONG);

    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown")
        .hasMessageContaining("same events");
    assertThat(server.transactions).hasSize(3);
  }

  @Test
  void a_server_that_does_not_answer_in_time_leaves_the_outcome_unknown() {
    clientThat(SHORT, 10);
    server.transactions((request, answers) -> {});

    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
  }

  @Test
  void when_the_time_is_over_and_the_server_only_ever_was_full_nothing_was_written() {
    clientThat(LONG, 10);
    server.transactions(FULL, FULL, FULL_FOR_LONG);

    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(StoreOverloadedException.class)
        .hasMessageContaining("nothing was written");
    assertThat(server.transactions).hasSize(3);
  }

  @Test
  void when_the_time_is_over_and_the_server_only_ever_was_starting_nothing_was_written() {
    clientThat(LONG, 10);
    server.transactions(STARTING, STARTING, STARTING_FOR_LONG);

    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("nothing was written");
    assertThat(server.transactions).hasSize(3);
  }

  @Test
  void progress_without_events_that_does_not_rise_after_a_lost_answer_may_be_its_own() {
    server.transactions(LOSES, NOT_RISING);

    assertThatThrownBy(() -> client.transact(Transaction.builder().tracking("payments", 7).build()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown")
        .hasMessageContaining("tracking");
  }

  @Test
  void progress_that_does_not_rise_is_somebody_elses_when_no_answer_was_lost() {
    server.transactions(STARTING, FULL, NOT_RISING);

    assertThatThrownBy(() -> client.transact(Transaction.builder().tracking("payments", 7).build()))
        .isInstanceOf(TrackingNotRisingException.class);
  }

  @Test
  void progress_that_is_stored_at_another_position_is_somebody_elses() {
    server.transactions(LOSES, NOT_RISING);

    assertThatThrownBy(() -> client.transact(Transaction.builder().tracking("payments", 6).build()))
        .isInstanceOf(TrackingNotRisingException.class);
  }

  @Test
  void progress_with_events_that_does_not_rise_after_a_lost_answer_is_somebody_elses() {
    server.transactions(LOSES, NOT_RISING);

    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(TrackingNotRisingException.class);
  }

  @Test
  void an_interrupted_caller_is_told_that_the_outcome_is_unknown() throws Exception {
    server.transactions((request, answers) -> {});
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    client.transact(transaction());
                  } catch (RuntimeException e) {
                    thrown.set(e);
                  }
                });
    await().until(() -> server.transactions.size() == 1);

    caller.interrupt();

    assertThat(caller.join(LONG)).isTrue();
    assertThat(thrown.get())
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
  }

  @Test
  void so_many_are_in_flight_and_no_more() throws Exception {
    clientThat(LONG, 3);
    CountDownLatch release = new CountDownLatch(1);
    server.transactions(
        (request, answers) ->
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        release.await();
                        WRITES.onCall(request, answers);
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    }));
    List<CompletableFuture<TransactionResult>> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      answers.add(client.transactAsync(transaction()));
    }
    await().until(() -> server.transactions.size() == 3);
    CompletableFuture<TransactionResult> fourth =
        CompletableFuture.supplyAsync(() -> client.transact(transaction()));

    assertThat(fourth).isNotDone();
    assertThat(server.transactions).hasSize(3);
    release.countDown();

    assertThat(fourth.get(60, TimeUnit.SECONDS).position()).isEqualTo(9);
    answers.forEach(answer -> assertThat(answer.join().position()).isEqualTo(9));
  }

  @Test
  void what_hangs_on_an_answer_may_transact_itself_even_if_only_one_may_be_in_flight()
      throws Exception {
    clientThat(LONG, 1);
    server.transactions(WRITES);

    CompletableFuture<Long> second =
        client
            .transactAsync(transaction())
            .thenApply(first -> client.transact(transaction()).position());

    assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(9);
    assertThat(server.transactions).hasSize(2);
  }

  @Test
  void close_waits_for_what_is_in_flight_and_takes_no_more() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    server.transactions(
        (request, answers) ->
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        release.await();
                        WRITES.onCall(request, answers);
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                    }));
    CompletableFuture<TransactionResult> answer = client.transactAsync(transaction());
    await().until(() -> server.transactions.size() == 1);

    Thread closer = Thread.ofPlatform().start(client::close);
    await()
        .until(
            () ->
                closer.getState() == Thread.State.TIMED_WAITING
                    || closer.getState() == Thread.State.WAITING);
    assertThat(answer).isNotDone();
    release.countDown();

    assertThat(closer.join(LONG)).isTrue();
    assertThat(answer.join().position()).isEqualTo(9);
    assertThatThrownBy(() -> client.transact(transaction()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.transactAsync(transaction()))
        .isInstanceOf(IllegalStateException.class);
  }
}
