package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.PATIENCE;
import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetEventResponse;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import io.varve.server.api.grpc.Wire.Answers;
import io.varve.server.config.Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Calls that wait for a position, and calls that nobody waits for any longer. */
class WaitingTest {
  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());
  private final EventStoreGrpc.EventStoreStub async = EventStoreGrpc.newStub(running.channel());

  private static final class Waiting {
    final Answers<ReadStreamResponse> stream = new Answers<>();
    final Answers<ReadLogResponse> log = new Answers<>();
    final Answers<GetEventResponse> lookUp = new Answers<>();
    final Answers<SubscribeToStreamResponse> toStream = new Answers<>();
    final Answers<SubscribeToLogResponse> toLog = new Answers<>();

    Waiting(EventStoreGrpc.EventStoreStub store, String name, long position) {
      store.readStream(
          ReadStreamRequest.newBuilder().setStream(name).setNotBeforePosition(position).build(),
          stream);
      store.readLog(
          ReadLogRequest.newBuilder()
              .setFromPosition(position)
              .setNotBeforePosition(position)
              .build(),
          log);
      store.getEvent(
          GetEventRequest.newBuilder().setPosition(position).setNotBeforePosition(position).build(),
          lookUp);
      store.subscribeToStream(
          SubscribeToStreamRequest.newBuilder()
              .setStream(name)
              .setNotBeforePosition(position)
              .build(),
          toStream);
      store.subscribeToLog(
          SubscribeToLogRequest.newBuilder()
              .setFromNow(Empty.getDefaultInstance())
              .setNotBeforePosition(position)
              .build(),
          toLog);
    }

    List<Answers<?>> all() {
      return List.of(stream, log, lookUp, toStream, toLog);
    }
  }

  @Test
  void a_call_that_must_not_begin_before_a_position_waits_for_it() throws Exception {
    String stream = freshStream();
    long head = store.append(append(freshStream(), event("Earlier"))).getPosition();
    Waiting waiting = new Waiting(async, stream, head + 2);
    store.append(append(stream, event("A")));
    assertThat(waiting.all()).allMatch(answers -> answers.received().isEmpty());

    store.append(append(stream, event("B")));

    assertThat(waiting.stream.end()).isNull();
    assertThat(waiting.stream.received().getFirst().getEventsCount()).isEqualTo(2);
    assertThat(waiting.stream.received().getFirst().getHeadPosition())
        .isGreaterThanOrEqualTo(head + 2);
    assertThat(waiting.log.end()).isNull();
    assertThat(waiting.log.received().getFirst().getEvents(0).getType()).isEqualTo("B");
    assertThat(waiting.lookUp.end()).isNull();
    assertThat(waiting.lookUp.received().getFirst().getEvent().getType()).isEqualTo("B");
    await().atMost(PATIENCE).until(() -> waiting.toStream.received().size() >= 2);
    assertThat(waiting.toStream.received().get(1).getEvents().getEventsCount()).isEqualTo(2);
    await().atMost(PATIENCE).until(() -> !waiting.toLog.received().isEmpty());
    assertThat(waiting.toLog.received().getFirst().getConfirmed().getAfterPosition())
        .isGreaterThanOrEqualTo(head + 2);
  }

  @Test
  void a_wait_ends_with_the_callers_deadline() throws Exception {
    Waiting waiting =
        new Waiting(async.withDeadlineAfter(Duration.ofMillis(200)), freshStream(), Long.MAX_VALUE);

    for (Answers<?> answers : waiting.all()) {
      assertThat(Status.fromThrowable(answers.end()).getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
      assertThat(answers.received()).isEmpty();
    }
    assertThat(store.append(append(freshStream(), event("A"))).getVersion()).isEqualTo(1);
  }

  @Test
  void a_stream_that_is_not_there_when_the_wait_is_over_is_not_found() throws Exception {
    long head = store.append(append(freshStream(), event("Earlier"))).getPosition();
    Waiting waiting = new Waiting(async, freshStream(), head + 1);
    store.append(append(freshStream(), event("A")));

    Refused.from(waiting.stream.end()).has(Code.NOT_FOUND, "STREAM_NOT_FOUND");
  }

  @Test
  void a_server_that_stops_ends_waits_at_once_and_says_why(@TempDir Path folder) throws Exception {
    Duration drain = Duration.ofMinutes(1);
    try (TestServer server =
        TestServer.start(TestServer.config(folder).with(Settings.DRAIN_TIMEOUT, drain))) {
      EventStoreGrpc.EventStoreStub stub = EventStoreGrpc.newStub(server.connect());
      Waiting waiting = new Waiting(stub, "a", 5);
      // An answer on the same connection says that the calls before it have arrived.
      Answers<ReadLogResponse> marker = new Answers<>();
      stub.readLog(ReadLogRequest.getDefaultInstance(), marker);
      assertThat(marker.end()).isNull();

      long begun = System.nanoTime();
      server.stop();

      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .as("it does not wait for them")
          .isLessThan(drain);
      for (Answers<?> answers : waiting.all()) {
        Refused.from(answers.end()).has(Code.UNAVAILABLE, "NOT_SERVING");
      }
    }
  }

  // ---- subscriptions come and go

  @Test
  void a_cancelled_subscription_is_removed() throws Exception {
    int before = running.server().subscriptions();
    List<ClientCall<SubscribeToLogRequest, SubscribeToLogResponse>> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(subscribe(SubscribeToLogRequest.getDefaultInstance(), CallOptions.DEFAULT));
    }
    await().atMost(PATIENCE).until(() -> running.server().subscriptions() == before + 20);

    calls.forEach(call -> call.cancel("enough", null));

    await().atMost(PATIENCE).until(() -> running.server().subscriptions() == before);
  }

  @Test
  void a_subscription_is_removed_when_its_deadline_passes() throws Exception {
    int before = running.server().subscriptions();
    subscribe(
        SubscribeToLogRequest.getDefaultInstance(),
        CallOptions.DEFAULT.withDeadlineAfter(300, MILLISECONDS));

    await().atMost(PATIENCE).until(() -> running.server().subscriptions() == before);
  }

  @Test
  void a_subscription_is_removed_when_the_connection_is_lost() throws Exception {
    int before = running.server().subscriptions();
    var channel = running.server().connect();
    Answers<SubscribeToLogResponse> answers = new Answers<>();
    EventStoreGrpc.newStub(channel)
        .subscribeToLog(SubscribeToLogRequest.getDefaultInstance(), answers);
    await().atMost(PATIENCE).until(() -> running.server().subscriptions() == before + 1);

    channel.shutdownNow();

    await().atMost(PATIENCE).until(() -> running.server().subscriptions() == before);
  }

  @Test
  void a_subscription_that_is_cancelled_while_it_waits_for_a_position_never_opens()
      throws Exception {
    int before = running.server().subscriptions();
    long head = store.append(append(freshStream(), event("A"))).getPosition();
    for (int i = 0; i < 200; i++) {
      ClientCall<SubscribeToLogRequest, SubscribeToLogResponse> call =
          subscribe(
              SubscribeToLogRequest.newBuilder().setNotBeforePosition(head + i + 1).build(),
              CallOptions.DEFAULT);
      if (i % 2 == 0) { // races the append that would open it
        call.cancel("changed my mind", null);
        store.append(append(freshStream(), event("A")));
      } else {
        store.append(append(freshStream(), event("A")));
        call.cancel("changed my mind", null);
      }
    }

    await().atMost(PATIENCE).until(() -> running.server().subscriptions() == before);
  }

  private static ClientCall<SubscribeToLogRequest, SubscribeToLogResponse> subscribe(
      SubscribeToLogRequest request, CallOptions options) {
    ClientCall<SubscribeToLogRequest, SubscribeToLogResponse> call =
        running.channel().newCall(EventStoreGrpc.getSubscribeToLogMethod(), options);
    call.start(new ClientCall.Listener<>() {}, new Metadata());
    call.request(1);
    call.sendMessage(request);
    call.halfClose();
    return call;
  }
}
