package io.varve.server;

import static io.varve.server.ServerProcess.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.server.ServerProcess.Exit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM: everybody is told, what was promised is kept, and the end comes soon. */
class StopIT {
  @TempDir Path folder;

  private static final class Answers<T> implements StreamObserver<T> {
    final List<T> received = new CopyOnWriteArrayList<>();
    final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

    @Override
    public void onNext(T answer) {
      received.add(answer);
    }

    @Override
    public void onError(Throwable error) {
      end.complete(error);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }

    String reason() throws Exception {
      Throwable error = end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(error).isNotNull();
      com.google.rpc.Status status = StatusProto.fromThrowable(error);
      return Status.fromThrowable(error).getCode()
          + " "
          + (status == null || status.getDetailsCount() == 0
              ? "without details"
              : status.getDetails(0).unpack(com.google.rpc.ErrorInfo.class).getReason());
    }
  }

  private static AppendRequest append(String stream, String id, int bytes) {
    return AppendRequest.newBuilder()
        .setStream(stream)
        .addEvents(
            NewEvent.newBuilder()
                .setId(id)
                .setType("Happened")
                .setData(ByteString.copyFrom(new byte[bytes])))
        .build();
  }

  @Test
  void a_server_that_is_asked_to_stop_tells_everybody_keeps_its_promises_and_exits_with_0()
      throws Exception {
    Path data = folder.resolve("data");
    Map<String, Long> acknowledged = new ConcurrentHashMap<>();
    List<ManagedChannel> channels = new ArrayList<>();
    try (ServerProcess server = ServerProcess.serve(data)) {
      ManagedChannel channel = server.connect();
      channels.add(channel);
      EventStoreGrpc.EventStoreStub store = EventStoreGrpc.newStub(channel);
      EventStoreGrpc.EventStoreBlockingStub blocking = EventStoreGrpc.newBlockingStub(channel);
      for (int i = 0; i < 64; i++) {
        String id = UUID.randomUUID().toString();
        acknowledged.put(id, blocking.append(append("large", id, 100_000)).getPosition());
      }
      Answers<HealthCheckResponse> health = new Answers<>();
      HealthGrpc.newStub(channel).watch(HealthCheckRequest.getDefaultInstance(), health);
      Answers<SubscribeToLogResponse> subscriber = new Answers<>();
      store.subscribeToLog(SubscribeToLogRequest.getDefaultInstance(), subscriber);
      Answers<AppendPipelineResponse> idle = new Answers<>();
      StreamObserver<AppendPipelineRequest> pipeline = store.appendPipeline(idle);
      pipeline.onNext(
          AppendPipelineRequest.newBuilder()
              .setAppend(append("idle", UUID.randomUUID().toString(), 1))
              .build());
      ManagedChannel slow = server.builder().flowControlWindow(64 * 1024).build();
      channels.add(slow);
      ClientCall<ReadLogRequest, ReadLogResponse> stalled =
          slow.newCall(EventStoreGrpc.getReadLogMethod(), io.grpc.CallOptions.DEFAULT);
      stalled.start(new ClientCall.Listener<>() {}, new Metadata());
      stalled.sendMessage(ReadLogRequest.getDefaultInstance());
      stalled.halfClose();
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  idle.received.size() == 1
                      && health.received.size() == 1
                      && subscriber.received.stream()
                          .anyMatch(SubscribeToLogResponse::hasCaughtUp));
      List<CompletableFuture<Code>> writers = new ArrayList<>();
      for (int w = 0; w < 8; w++) {
        String stream = "writer-" + w;
        writers.add(
            CompletableFuture.supplyAsync(
                () -> appendUntilRefused(blocking, stream, acknowledged),
                task -> Thread.ofVirtual().start(task)));
      }
      await().atMost(PATIENCE).until(() -> acknowledged.size() > 200);

      server.terminate();
      Exit exit = server.exit(); // though one client takes nothing of what it asked for

      assertThat(exit.code()).isZero();
      assertThat(exit.errors()).doesNotContain(" ERROR ", "\tat ", "SEVERE");
      await().atMost(PATIENCE).until(() -> health.received.size() == 2);
      assertThat(health.received.stream().map(HealthCheckResponse::getStatus))
          .containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
      assertThat(subscriber.reason()).isEqualTo("UNAVAILABLE NOT_SERVING");
      assertThat(idle.reason()).isEqualTo("UNAVAILABLE NOT_SERVING");
      for (CompletableFuture<Code> writer : writers) {
        assertThat(writer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Code.UNAVAILABLE);
      }
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
    assertThat(ServerProcess.leftInTemp(data)).isEmpty();
    try (ServerProcess again = ServerProcess.serve(data)) {
      ManagedChannel channel = again.connect();
      EventStoreGrpc.EventStoreBlockingStub store = EventStoreGrpc.newBlockingStub(channel);
      acknowledged.forEach(
          (id, position) ->
              assertThat(
                      store
                          .getEvent(GetEventRequest.newBuilder().setId(id).build())
                          .getEvent()
                          .getPosition())
                  .isEqualTo(position));
      channel.shutdownNow();
    }
  }

  private static Code appendUntilRefused(
      EventStoreGrpc.EventStoreBlockingStub store, String stream, Map<String, Long> acknowledged) {
    while (true) {
      String id = UUID.randomUUID().toString();
      try {
        acknowledged.put(id, store.append(append(stream, id, 100)).getPosition());
      } catch (StatusRuntimeException e) {
        return e.getStatus().getCode();
      }
    }
  }

  @Test
  void a_server_without_clients_stops_at_once() throws Exception {
    try (ServerProcess server =
        ServerProcess.serveWith(folder.resolve("data"), List.of("--drain-timeout", "10m"))) {
      server.terminate();

      assertThat(server.exit().code()).isZero(); // long before that is over
    }
  }

  @Test
  void requests_that_make_no_sense_leave_no_stack_traces_in_the_log() throws Exception {
    try (ServerProcess server = ServerProcess.serve(folder.resolve("data"))) {
      ManagedChannel channel = server.connect();
      EventStoreGrpc.EventStoreBlockingStub store = EventStoreGrpc.newBlockingStub(channel);
      String id = UUID.randomUUID().toString();

      assertThat(catchThrowable(() -> store.append(append("large", id, 33 << 20)))).isNotNull();
      assertThat(store.append(append("small", id, 1)).getVersion()).isEqualTo(1);

      channel.shutdownNow();
      server.terminate();
      assertThat(server.exit().errors().lines())
          .allMatch(line -> line.matches("\\d{4}-.* INFO .*"));
    }
  }
}
