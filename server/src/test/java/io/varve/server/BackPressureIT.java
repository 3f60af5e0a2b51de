package io.varve.server;

import static io.varve.server.ServerProcess.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Followers that stop reading cost the server a bounded buffer. It has little memory here: were the
 * log to pile up for any of them, it would not survive.
 */
class BackPressureIT {
  private static final int EVENT_BYTES = 8 * 1024;
  private static final int EVENTS_AN_APPEND = 100;
  private static final int APPENDS = 80; // 64 MiB in all
  private static final int STALLED = 100;

  @TempDir Path folder;

  private static final class Counting<R> extends ClientCall.Listener<R> {
    final AtomicInteger messages = new AtomicInteger();
    volatile boolean closed;

    @Override
    public void onMessage(R message) {
      messages.incrementAndGet();
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      closed = true;
    }
  }

  /** Starts a call that takes one message and no more. */
  private static <Q, R> Counting<R> stall(
      ManagedChannel channel, MethodDescriptor<Q, R> method, Q request) {
    Counting<R> listener = new Counting<>();
    ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(listener, new Metadata());
    call.request(1);
    call.sendMessage(request);
    call.halfClose();
    return listener;
  }

  private static AppendRequest append() {
    AppendRequest.Builder append = AppendRequest.newBuilder().setStream("large");
    for (int i = 0; i < EVENTS_AN_APPEND; i++) {
      append.addEvents(
          NewEvent.newBuilder()
              .setType("Happened")
              .setData(ByteString.copyFrom(new byte[EVENT_BYTES])));
    }
    return append.build();
  }

  @Test
  void followers_that_stop_reading_cost_a_bounded_buffer_and_slow_nobody_down() throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    try (ServerProcess server =
        ServerProcess.serve(folder.resolve("data"), "-Xmx128m", "-XX:MaxDirectMemorySize=128m")) {
      ManagedChannel writing = server.connect();
      channels.add(writing);
      EventStoreGrpc.EventStoreBlockingStub store = EventStoreGrpc.newBlockingStub(writing);
      for (int i = 0; i < APPENDS / 2; i++) {
        store.append(append());
      }
      List<Counting<?>> stalled = new ArrayList<>();
      for (int i = 0; i < STALLED; i++) {
        // Connections of their own: calls that stall on a shared one use up its window for all.
        ManagedChannel channel = server.builder().flowControlWindow(64 * 1024).build();
        channels.add(channel);
        stalled.add(
            i % 2 == 0
                ? stall(
                    channel,
                    EventStoreGrpc.getSubscribeToLogMethod(),
                    SubscribeToLogRequest.getDefaultInstance())
                : stall(
                    channel,
                    EventStoreGrpc.getReadLogMethod(),
                    ReadLogRequest.getDefaultInstance()));
      }
      await()
          .atMost(PATIENCE)
          .until(() -> stalled.stream().allMatch(call -> call.messages.get() == 1));

      for (int i = 0; i < APPENDS / 2; i++) {
        store.append(append());
      }
      int events = 0;
      var follower = store.subscribeToLog(SubscribeToLogRequest.getDefaultInstance());
      while (events < APPENDS * EVENTS_AN_APPEND) {
        SubscribeToLogResponse answer = follower.next();
        events += answer.getEvents().getEventsCount();
      }

      assertThat(events).isEqualTo(APPENDS * EVENTS_AN_APPEND);
      assertThat(stalled).allMatch(call -> call.messages.get() == 1 && !call.closed);
      assertThat(server.isAlive()).isTrue();
      assertThat(server.errors()).doesNotContain("OutOfMemory", " ERROR ", " WARN ");
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }
}
