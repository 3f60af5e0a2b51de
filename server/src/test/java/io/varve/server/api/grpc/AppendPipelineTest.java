package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.PATIENCE;
import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendPipelineResponse.OutcomeCase;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import io.varve.server.api.grpc.Wire.Answers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Many appends in flight on one call. */
class AppendPipelineTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreStub store = EventStoreGrpc.newStub(running.channel());
  private final Answers<AppendPipelineResponse> answers = new Answers<>();

  private static AppendPipelineRequest request(long id, AppendRequest append) {
    return AppendPipelineRequest.newBuilder().setRequestId(id).setAppend(append).build();
  }

  @Test
  void answers_come_in_the_order_of_the_requests_with_refusals_in_between() throws Exception {
    String stream = freshStream();
    int count = 3_000;
    NewEvent.Builder repeated = event("Repeated");
    StreamObserver<AppendPipelineRequest> pipeline = store.appendPipeline(answers);
    pipeline.onNext(request(0, append(stream, repeated)));
    for (int i = 1; i < count; i++) {
      pipeline.onNext(
          switch (i % 5) {
            case 1 -> request(i, append(stream, event("")));
            case 2 -> request(i, append(stream, event("A")).toBuilder().setVersion(0).build());
            case 3 -> request(i, append(stream, repeated));
            case 4 -> AppendPipelineRequest.newBuilder().setRequestId(i).build();
            default -> request(i, append(stream, event("A")));
          });
    }
    pipeline.onCompleted();

    assertThat(answers.end()).isNull();
    List<AppendPipelineResponse> received = answers.received();
    assertThat(received.stream().map(AppendPipelineResponse::getRequestId))
        .isEqualTo(LongStream.range(0, count).boxed().toList());
    long version = 0;
    for (int i = 0; i < count; i++) {
      AppendPipelineResponse answer = received.get(i);
      switch (i % 5) {
        case 1 -> Refused.from(answer.getRefused()).isInvalid("events[0].type");
        case 2 -> Refused.from(answer.getRefused()).has(Code.ABORTED, "VERSION_CONFLICT");
        case 3 -> {
          assertThat(answer.getAppended().getDeduplicated()).isTrue();
          assertThat(answer.getAppended().getVersion()).isEqualTo(1);
        }
        case 4 -> Refused.from(answer.getRefused()).isInvalid("append");
        default -> assertThat(answer.getAppended().getVersion()).isEqualTo(++version);
      }
    }
  }

  @Test
  void request_ids_are_the_callers_and_may_repeat() throws Exception {
    StreamObserver<AppendPipelineRequest> pipeline = store.appendPipeline(answers);
    List<Long> ids = List.of(7L, 7L, 0L, -1L, Long.MIN_VALUE);
    for (long id : ids) {
      pipeline.onNext(request(id, append(freshStream(), event("A"))));
    }
    pipeline.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(answers.received().stream().map(AppendPipelineResponse::getRequestId))
        .isEqualTo(ids);
    assertThat(answers.received())
        .allMatch(answer -> answer.getOutcomeCase() == OutcomeCase.APPENDED);
  }

  @Test
  void an_append_is_decided_against_those_before_it_on_the_same_call() throws Exception {
    String stream = freshStream();
    StreamObserver<AppendPipelineRequest> pipeline = store.appendPipeline(answers);
    for (int i = 0; i < 200; i++) {
      pipeline.onNext(request(i, append(stream, event("A")).toBuilder().setVersion(i).build()));
    }
    pipeline.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(answers.received().stream().map(a -> a.getAppended().getVersion()))
        .isEqualTo(LongStream.rangeClosed(1, 200).boxed().toList());
  }

  @Test
  void an_answer_means_that_the_events_can_be_read() throws Exception {
    String stream = freshStream();
    LinkedBlockingQueue<AppendPipelineResponse> received = new LinkedBlockingQueue<>();
    StreamObserver<AppendPipelineRequest> pipeline =
        store.appendPipeline(
            new StreamObserver<>() {
              @Override
              public void onNext(AppendPipelineResponse answer) {
                received.add(answer);
              }

              @Override
              public void onError(Throwable error) {}

              @Override
              public void onCompleted() {}
            });
    EventStoreGrpc.EventStoreBlockingStub reader =
        EventStoreGrpc.newBlockingStub(running.channel());
    for (int i = 1; i <= 50; i++) {
      pipeline.onNext(request(i, append(stream, event("A"))));
      AppendPipelineResponse answer = received.poll(PATIENCE.toMillis(), MILLISECONDS);
      assertThat(answer).isNotNull();

      var page =
          reader
              .readStream(
                  ReadStreamRequest.newBuilder().setStream(stream).setFromVersion(i).build())
              .next();

      assertThat(page.getEventsList()).hasSize(1);
      assertThat(page.getHeadPosition()).isGreaterThanOrEqualTo(answer.getAppended().getPosition());
    }
    pipeline.onCompleted();
  }

  @Test
  void bytes_that_are_no_request_end_the_call_and_what_was_sent_before_is_appended()
      throws Exception {
    String stream = freshStream();
    EventStoreGrpc.EventStoreBlockingStub reader =
        EventStoreGrpc.newBlockingStub(running.channel());
    StreamObserver<AppendPipelineRequest> pipeline = store.appendPipeline(answers);
    pipeline.onNext(request(1, append(stream, event("A"))));
    await().atMost(PATIENCE).until(() -> answers.received().size() == 1);
    // A field number that the message does not have is skipped, as protobuf wants it.
    pipeline.onNext(
        AppendPipelineRequest.newBuilder()
            .setRequestId(2)
            .setUnknownFields(
                com.google.protobuf.UnknownFieldSet.newBuilder()
                    .addField(
                        99,
                        com.google.protobuf.UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build())
            .build());
    pipeline.onCompleted();

    assertThat(answers.end()).isNull();
    Refused.from(answers.received().get(1).getRefused()).isInvalid("append");
    assertThat(
            reader
                .readStream(ReadStreamRequest.newBuilder().setStream(stream).build())
                .next()
                .getEventsCount())
        .isEqualTo(1);
  }

  // ---- back-pressure

  /** Sends whenever the transport can take more, and reads answers only when told to. */
  private static final class UnreadingWriter
      implements ClientResponseObserver<AppendPipelineRequest, AppendPipelineResponse> {
    private final AtomicReference<ClientCallStreamObserver<AppendPipelineRequest>> call =
        new AtomicReference<>();
    private final List<AppendPipelineResponse> received = new ArrayList<>(); // gRPC's thread
    private final CompletableFuture<List<AppendPipelineResponse>> all = new CompletableFuture<>();

    @Override
    public void beforeStart(ClientCallStreamObserver<AppendPipelineRequest> requests) {
      requests.disableAutoRequestWithInitial(0);
      requests.setOnReadyHandler(() -> {});
      call.set(requests);
    }

    @Override
    public void onNext(AppendPipelineResponse answer) {
      received.add(answer);
    }

    @Override
    public void onError(Throwable error) {
      all.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      all.complete(received);
    }
  }

  @Test
  void a_writer_that_does_not_read_its_answers_is_held_back_and_nothing_is_lost() throws Exception {
    String stream = freshStream();
    ManagedChannel channel =
        running.server().register(running.server().builder().flowControlWindow(64 * 1024).build());
    UnreadingWriter writer = new UnreadingWriter();
    EventStoreGrpc.newStub(channel).appendPipeline(writer);
    ClientCallStreamObserver<AppendPipelineRequest> call = writer.call.get();
    assertThat(call).isNotNull();
    long sent = 0;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long quietSince = System.nanoTime();
    // Until the transport has taken nothing for a while: the server no longer reads.
    while (System.nanoTime() - quietSince < 1_500_000_000L && System.nanoTime() < deadline) {
      if (call.isReady()) {
        call.onNext(request(sent++, append(stream, event("A").clearData())));
        quietSince = System.nanoTime();
      } else {
        Thread.onSpinWait();
      }
    }
    long taken = running.server().headPosition();

    assertThat(call.isReady()).as("the writer is held back after " + sent).isFalse();
    assertThat(sent).isLessThan(100_000);
    // Others are not.
    EventStoreGrpc.EventStoreBlockingStub other = EventStoreGrpc.newBlockingStub(running.channel());
    assertThat(other.append(append(freshStream(), event("A"))).getPosition()).isGreaterThan(taken);

    call.request(Integer.MAX_VALUE);
    call.onCompleted();

    List<AppendPipelineResponse> received = writer.all.get(PATIENCE.toMillis(), MILLISECONDS);
    assertThat(received).hasSize((int) sent);
    for (int i = 0; i < sent; i++) {
      assertThat(received.get(i).getAppended().getVersion()).isEqualTo(i + 1L);
    }
  }

  @Test
  void large_appends_beyond_what_the_queue_holds_are_refused_one_by_one() throws Exception {
    String stream = freshStream();
    ByteString large = ByteString.copyFrom(new byte[4 << 20]);
    StreamObserver<AppendPipelineRequest> pipeline = store.appendPipeline(answers);
    int count = 30; // twice what the queue holds
    for (int i = 0; i < count; i++) {
      pipeline.onNext(request(i, append(stream, event("Large").setData(large))));
    }
    pipeline.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(answers.received()).hasSize(count);
    long version = 0;
    for (AppendPipelineResponse answer : answers.received()) {
      if (answer.hasAppended()) {
        assertThat(answer.getAppended().getVersion()).isEqualTo(++version);
      } else {
        Refused full = Refused.from(answer.getRefused());
        full.has(Code.RESOURCE_EXHAUSTED, "QUEUE_FULL");
        assertThat(full.detail(com.google.rpc.RetryInfo.class)).isPresent();
      }
    }
    assertThat(version).isPositive();
  }

  // ---- ends

  @Test
  void a_cancelled_pipeline_leaves_its_appends_all_or_nothing() throws Exception {
    String stream = freshStream();
    ClientCallStreamObserver<AppendPipelineRequest> pipeline =
        (ClientCallStreamObserver<AppendPipelineRequest>) store.appendPipeline(answers);
    for (int i = 0; i < 100; i++) {
      pipeline.onNext(request(i, append(stream, event("A"), event("B"))));
    }
    pipeline.cancel("enough", null);

    assertThat(Status.fromThrowable(answers.end()).getCode()).isEqualTo(Code.CANCELLED);
    EventStoreGrpc.EventStoreBlockingStub other = EventStoreGrpc.newBlockingStub(running.channel());
    long after = other.append(append(stream, event("A"), event("B"))).getVersion();
    assertThat(after % 2).isZero();
  }

  @Test
  void a_server_that_stops_answers_what_it_has_taken_in_and_then_ends_the_pipelines(
      @TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      Answers<AppendPipelineResponse> idleAnswers = new Answers<>();
      Answers<AppendPipelineResponse> busyAnswers = new Answers<>();
      EventStoreGrpc.EventStoreStub stub = EventStoreGrpc.newStub(server.connect());
      StreamObserver<AppendPipelineRequest> idle = stub.appendPipeline(idleAnswers);
      idle.onNext(request(1, append("idle", event("A"))));
      await().atMost(PATIENCE).until(() -> idleAnswers.received().size() == 1);
      StreamObserver<AppendPipelineRequest> busy = stub.appendPipeline(busyAnswers);
      for (int i = 0; i < 2_000; i++) {
        busy.onNext(request(i, append("busy", event("A"))));
      }
      await().atMost(PATIENCE).until(() -> !busyAnswers.received().isEmpty());

      server.stop();

      Refused.from(idleAnswers.end()).has(Code.UNAVAILABLE, "NOT_SERVING");
      Refused.from(busyAnswers.end()).has(Code.UNAVAILABLE, "NOT_SERVING");
      List<AppendPipelineResponse> answered = busyAnswers.received();
      for (int i = 0; i < answered.size(); i++) {
        assertThat(answered.get(i).getRequestId()).isEqualTo(i);
      }
    }
  }
}
