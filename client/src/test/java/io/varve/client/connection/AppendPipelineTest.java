package io.varve.client.connection;

import static io.varve.client.connection.FakeServer.appended;
import static io.varve.client.connection.FakeServer.error;
import static io.varve.client.connection.FakeServer.lost;
import static io.varve.client.connection.FakeServer.refused;
import static io.varve.client.connection.FakeServer.settings;
import static io.varve.client.connection.FakeServer.status;
import static io.varve.client.streams.ExpectedVersion.any;
import static io.varve.client.streams.ExpectedVersion.exactly;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Duration;
import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Status.Code;
import io.varve.client.streams.AccessDeniedException;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.VersionConflictException;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.VersionConflict;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Appends over a link that breaks, a server that is full, and answers of every kind. */
class AppendPipelineTest {

  private static final java.time.Duration LONG = java.time.Duration.ofSeconds(60);

  /** To be waited out, and long enough for a first try on a busy machine. */
  private static final java.time.Duration SHORT = java.time.Duration.ofSeconds(2);

  /** To be waited out where it does not matter how far an append got in it. */
  private static final java.time.Duration BRIEF = java.time.Duration.ofMillis(300);

  private final FakeServer server = new FakeServer();
  private GrpcEventStore client = server.client();

  @AfterEach
  void close() throws InterruptedException {
    client.close();
    server.close();
  }

  private void clientThat(java.time.Duration retriesFor, int maxAppendsInFlight) {
    client.close();
    client = server.client(settings(retriesFor, LONG, maxAppendsInFlight));
  }

  private static NewEvent event() {
    return NewEvent.builder("Happened").build();
  }

  private CompletableFuture<AppendResult> append() {
    return client.appendAsync("account-42", any(), List.of(event()));
  }

  private List<CompletableFuture<AppendResult>> appends(int count) {
    return Stream.generate(this::append).limit(count).toList();
  }

  private static void answer(
      int number,
      AppendPipelineRequest request,
      io.grpc.stub.StreamObserver<AppendPipelineResponse> answers) {
    answers.onNext(appended(request, request.getRequestId()));
  }

  private static List<String> ids(List<AppendPipelineRequest> requests) {
    return requests.stream().map(request -> request.getAppend().getEvents(0).getId()).toList();
  }

  @Test
  void many_appends_travel_on_one_call_in_the_order_of_the_calls() {
    server.pipelines(AppendPipelineTest::answer);

    List<CompletableFuture<AppendResult>> answers = appends(500);

    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i).join().version()).isEqualTo(i + 1);
    }
    assertThat(server.pipelines).hasSize(1);
  }

  @Test
  void what_a_broken_link_left_unanswered_is_sent_again_in_order_under_the_same_ids() {
    server.pipelines(
        (number, request, answers) -> {
          if (number <= 3) {
            answers.onNext(appended(request, number));
          } else if (number == 10) {
            answers.onError(lost());
          }
        },
        AppendPipelineTest::answer);

    List<CompletableFuture<AppendResult>> answers = appends(20);

    answers.forEach(CompletableFuture::join);
    List<String> first = ids(server.pipelines.get(0));
    List<String> second = ids(server.pipelines.get(1));
    assertThat(second).hasSize(17);
    assertThat(second.subList(0, 7)).isEqualTo(first.subList(3, 10));
    assertThat(second).doesNotHaveDuplicates();
    assertThat(server.pipelines.get(1).stream().map(AppendPipelineRequest::getRequestId))
        .isSorted();
  }

  @Test
  void the_call_of_all_appends_does_not_end_with_what_the_first_caller_does() throws Exception {
    server.pipelines(AppendPipelineTest::answer);
    Context.CancellableContext callers = Context.current().withCancellation();

    assertThat(callers.call(() -> append().join()).version()).isEqualTo(1);
    callers.cancel(null);

    assertThat(append().join().version()).isEqualTo(2);
    assertThat(server.pipelines).hasSize(1);
  }

  @Test
  void a_call_that_the_server_ends_without_an_error_is_begun_anew_as_well() {
    server.pipelines(
        (number, request, answers) -> answers.onCompleted(), AppendPipelineTest::answer);

    assertThat(append().join().version()).isEqualTo(1);
  }

  @Test
  void an_append_waits_for_a_server_that_comes_up_within_the_retry_time() throws Exception {
    server.pipelines(AppendPipelineTest::answer);
    server.stop();
    CompletableFuture<AppendResult> answer = append();
    assertThat(answer).isNotDone();

    server.start();

    assertThat(answer.join().version()).isEqualTo(1);
  }

  @Test
  void a_server_that_restarts_while_nothing_is_in_flight_is_not_noticed() throws Exception {
    server.pipelines(AppendPipelineTest::answer);
    append().join();
    server.stop();
    server.start();

    assertThat(append().join().version()).isEqualTo(2);
  }

  @Test
  void an_append_that_could_never_be_sent_fails_and_says_that_nothing_was_written()
      throws Exception {
    server.stop();
    clientThat(SHORT, 10);

    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("account-42")
        .hasMessageContaining("fake:1")
        .hasMessageContaining("nothing was written")
        .hasMessageContaining("Check that it runs");
  }

  @Test
  void an_append_that_is_never_answered_fails_and_says_that_its_outcome_is_unknown() {
    clientThat(SHORT, 10);
    server.pipelines((number, request, answers) -> {});

    StoreUnavailableException failure =
        catchThrowableOfType(
            StoreUnavailableException.class, () -> client.append("account-42", any(), event()));

    assertThat(failure).hasMessageContaining("outcome is unknown");
    assertThat(failure.retryable()).isTrue();
  }

  @Test
  void an_append_whose_link_broke_before_the_answer_stays_in_doubt_when_the_retries_end() {
    clientThat(SHORT, 10);
    server.pipelines((number, request, answers) -> answers.onError(lost()));

    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown")
        .hasMessageContaining("the link broke");
    assertThat(server.pipelines).hasSizeGreaterThan(2);
  }

  @Test
  void a_full_server_is_left_alone_for_as_long_as_it_asks_and_then_tried_again() {
    RetryInfo later =
        RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setNanos(200_000_000)).build();
    List<Long> arrivals = new CopyOnWriteArrayList<>();
    server.pipelines(
        (number, request, answers) -> {
          arrivals.add(System.nanoTime());
          answers.onNext(
              number == 1
                  ? refused(request, status(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", later))
                  : appended(request, number));
        });

    CompletableFuture<AppendResult> first = append();

    assertThat(first.join().version()).isEqualTo(2);
    assertThat(arrivals.get(1) - arrivals.get(0)).isGreaterThanOrEqualTo(200_000_000);
    assertThat(ids(server.pipelines.getFirst()))
        .hasSize(2)
        .containsOnly(ids(server.pipelines.getFirst()).getFirst());
  }

  @Test
  void what_a_full_server_refused_goes_out_again_before_what_was_not_sent_yet() {
    server.pipelines(
        (number, request, answers) ->
            answers.onNext(
                number <= 5
                    ? refused(request, status(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL"))
                    : appended(request, request.getRequestId())));

    List<CompletableFuture<AppendResult>> answers = appends(100);

    answers.forEach(CompletableFuture::join);
    List<String> sent = ids(server.pipelines.getFirst());
    assertThat(sent).hasSize(105);
    assertThat(sent.stream().distinct()).hasSize(100);
  }

  @Test
  void a_server_that_stays_full_is_an_overload_and_nothing_was_written() {
    clientThat(SHORT, 10);
    RetryInfo muchLater =
        RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setSeconds(60)).build();
    server.pipelines(
        (number, request, answers) ->
            answers.onNext(
                refused(request, status(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", muchLater))));

    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(StoreOverloadedException.class)
        .hasMessageContaining("nothing was written");
  }

  @Test
  void a_conflict_is_told_at_once_and_never_tried_again() {
    VersionConflict detail =
        VersionConflict.newBuilder()
            .setStream("account-42")
            .setExpectedVersion(3)
            .setActualVersion(5)
            .build();
    server.pipelines(
        (number, request, answers) ->
            answers.onNext(refused(request, status(Code.ABORTED, "VERSION_CONFLICT", detail))));

    VersionConflictException conflict =
        catchThrowableOfType(
            VersionConflictException.class, () -> client.append("account-42", exactly(3), event()));

    assertThat(conflict.stream()).isEqualTo("account-42");
    assertThat(conflict.expected()).isEqualTo(exactly(3));
    assertThat(conflict.actualVersion()).isEqualTo(5);
    assertThat(server.pipelines.getFirst()).hasSize(1);
  }

  @Test
  void a_store_that_has_stopped_after_a_disk_error_is_told_at_once() {
    server.pipelines(
        (number, request, answers) ->
            answers.onNext(refused(request, status(Code.UNAVAILABLE, "STORE_STOPPED"))));

    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("STORE_STOPPED");
    assertThat(server.pipelines.getFirst()).hasSize(1);
  }

  @Test
  void an_append_that_a_stopping_server_turns_away_is_tried_again() {
    server.pipelines(
        (number, request, answers) ->
            answers.onNext(
                number == 1
                    ? refused(request, status(Code.UNAVAILABLE, "NOT_SERVING"))
                    : appended(request, 1)));

    assertThat(append().join().version()).isEqualTo(1);
  }

  @Test
  void an_append_that_breaks_the_whole_call_fails_alone() {
    server.pipelines(
        (number, request, answers) -> {
          if (request.getAppend().getStream().equals("poison")) {
            answers.onError(
                io.grpc.Status.RESOURCE_EXHAUSTED
                    .withDescription("too large")
                    .asRuntimeException());
          } else if (number > 3) {
            answers.onNext(appended(request, request.getRequestId()));
          }
        },
        (number, request, answers) -> {
          if (request.getAppend().getStream().equals("poison")) {
            answers.onError(
                io.grpc.Status.RESOURCE_EXHAUSTED
                    .withDescription("too large")
                    .asRuntimeException());
          } else {
            answers.onNext(appended(request, request.getRequestId()));
          }
        });

    List<CompletableFuture<AppendResult>> before = appends(5);
    CompletableFuture<AppendResult> poison = client.appendAsync("poison", any(), List.of(event()));
    List<CompletableFuture<AppendResult>> after = appends(5);

    assertThatThrownBy(poison::join)
        .hasCauseInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("too large");
    before.forEach(CompletableFuture::join);
    after.forEach(CompletableFuture::join);
  }

  @Test
  void an_append_that_breaks_every_link_without_a_reason_fails_alone_and_in_time() {
    server.pipelines(
        (number, request, answers) -> {
          if (request.getAppend().getStream().equals("poison")) {
            answers.onError(io.grpc.Status.CANCELLED.withDescription("reset").asRuntimeException());
          } else if (server.pipelines.size() > 1) {
            answers.onNext(appended(request, request.getRequestId()));
          }
        });

    List<CompletableFuture<AppendResult>> before = appends(5);
    CompletableFuture<AppendResult> poison = client.appendAsync("poison", any(), List.of(event()));
    List<CompletableFuture<AppendResult>> after = appends(5);

    assertThatThrownBy(poison::join)
        .hasCauseInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
    before.forEach(CompletableFuture::join);
    after.forEach(CompletableFuture::join);
  }

  @Test
  void a_caller_without_rights_is_told_at_once_for_all_appends() {
    server.pipelines(
        (number, request, answers) ->
            answers.onError(error(Code.PERMISSION_DENIED, "PERMISSION_DENIED")));

    for (CompletableFuture<AppendResult> answer : appends(10)) {
      assertThatThrownBy(answer::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(AccessDeniedException.class);
    }
  }

  @Test
  void appends_on_a_call_that_has_lost_its_credentials_are_settled_by_the_next_call() {
    server.pipelines(
        (number, request, answers) -> {
          if (number == 3) {
            answers.onError(error(Code.UNAUTHENTICATED, "ACCESS_ENDED"));
          }
        },
        AppendPipelineTest::answer);

    appends(3).forEach(CompletableFuture::join);

    assertThat(ids(server.pipelines.get(1))).isEqualTo(ids(server.pipelines.get(0)));
  }

  @Test
  void what_was_sent_when_the_credentials_went_is_in_doubt_and_what_was_not_is_denied() {
    server.pipelines(
        (number, request, answers) -> {
          if (number == 2) {
            answers.onError(error(Code.UNAUTHENTICATED, "ACCESS_ENDED"));
          }
        },
        (number, request, answers) ->
            answers.onError(error(Code.UNAUTHENTICATED, "UNAUTHENTICATED")));

    for (CompletableFuture<AppendResult> answer : appends(2)) {
      assertThatThrownBy(answer::join)
          .hasCauseInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("outcome is unknown")
          .hasRootCauseInstanceOf(io.grpc.StatusRuntimeException.class);
    }
    assertThatThrownBy(() -> append().join()).hasCauseInstanceOf(AccessDeniedException.class);
  }

  @Test
  void an_append_in_doubt_that_may_no_longer_be_made_stays_in_doubt() {
    server.pipelines(
        (number, request, answers) -> answers.onError(lost()),
        (number, request, answers) ->
            answers.onNext(refused(request, status(Code.PERMISSION_DENIED, "PERMISSION_DENIED"))));

    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(AccessDeniedException.class);
  }

  @Test
  void an_answer_without_an_outcome_is_a_failure_of_the_store() {
    server.pipelines(
        (number, request, answers) ->
            answers.onNext(
                AppendPipelineResponse.newBuilder().setRequestId(request.getRequestId()).build()));

    assertThatThrownBy(() -> client.append("account-42", any(), event()))
        .isInstanceOf(StoreFailedException.class);
  }

  @Test
  void when_too_many_are_in_flight_the_next_append_waits_for_room() {
    clientThat(LONG, 3);
    List<Runnable> held = new CopyOnWriteArrayList<>();
    server.pipelines(
        (number, request, answers) ->
            held.add(() -> answers.onNext(appended(request, request.getRequestId()))));
    List<CompletableFuture<AppendResult>> first = appends(3);
    AtomicReference<CompletableFuture<AppendResult>> fourth = new AtomicReference<>();
    Thread caller = Thread.ofPlatform().start(() -> fourth.set(append()));

    await().until(() -> caller.getState() == Thread.State.TIMED_WAITING && held.size() == 3);
    assertThat(fourth.get()).isNull();
    held.get(0).run();
    await().until(() -> held.size() == 4);

    held.subList(1, 4).forEach(Runnable::run);
    first.forEach(CompletableFuture::join);
    await().until(() -> fourth.get() != null);
    assertThat(fourth.get().join().version()).isEqualTo(4);
  }

  @Test
  void an_append_that_finds_no_room_within_the_retry_time_fails_with_nothing_written() {
    clientThat(BRIEF, 1);
    server.pipelines((number, request, answers) -> {});
    List<CompletableFuture<AppendResult>> answers = new ArrayList<>();
    Stream.generate(this::append).limit(2).forEach(answers::add);

    assertThatThrownBy(answers.get(0)::join).hasCauseInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(answers.get(1)::join)
        .cause()
        .isInstanceOfAny(StoreOverloadedException.class, StoreUnavailableException.class);
  }

  @Test
  void what_hangs_on_an_answer_may_itself_append_and_wait() {
    clientThat(LONG, 1);
    server.pipelines(AppendPipelineTest::answer);

    AppendResult second =
        append().thenApply(result -> client.append("account-42", any(), event())).join();

    assertThat(second.version()).isEqualTo(2);
  }

  @Test
  void close_waits_for_the_appends_in_flight() throws Exception {
    List<Runnable> held = new CopyOnWriteArrayList<>();
    server.pipelines(
        (number, request, answers) ->
            held.add(() -> answers.onNext(appended(request, request.getRequestId()))));
    List<CompletableFuture<AppendResult>> answers = appends(3);
    await().until(() -> held.size() == 3);
    Thread closer = Thread.ofPlatform().start(client::close);

    await().until(() -> closer.getState() == Thread.State.TIMED_WAITING);
    held.forEach(Runnable::run);
    closer.join();

    assertThat(answers).allMatch(answer -> answer.join().version() > 0);
    assertThatThrownBy(this::append)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void close_gives_up_after_the_retry_time_and_leaves_no_caller_waiting() {
    clientThat(SHORT, 10);
    server.pipelines((number, request, answers) -> {});
    CompletableFuture<AppendResult> answer = append();
    await().until(() -> !server.pipelines.isEmpty() && !server.pipelines.getFirst().isEmpty());

    client.close();

    assertThatThrownBy(answer::join)
        .hasCauseInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("outcome is unknown");
  }
}
