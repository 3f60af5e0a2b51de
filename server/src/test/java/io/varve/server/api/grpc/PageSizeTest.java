package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.server.RunningServer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * How large the server's messages get. Clients of every language refuse more than 4 MiB unless they
 * are told otherwise.
 */
class PageSizeTest {
  private static final int EVENTS = 4_000;
  private static final int EVENT_BYTES = 3_000;

  /** A page, and the event that makes it full. */
  private static final int LARGEST_PAGE = 256 * 1024;

  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());

  @Test
  void one_large_append_reaches_readers_and_followers_in_many_small_messages() {
    String stream = freshStream();
    var toLog =
        store.subscribeToLog(
            SubscribeToLogRequest.newBuilder().setFromNow(Empty.getDefaultInstance()).build());
    assertThat(toLog.next().hasConfirmed()).isTrue();
    var toStream =
        store.subscribeToStream(SubscribeToStreamRequest.newBuilder().setStream(stream).build());
    assertThat(toStream.next().hasConfirmed()).isTrue();
    AppendRequest.Builder append = AppendRequest.newBuilder().setStream(stream);
    for (int i = 0; i < EVENTS; i++) {
      append.addEvents(event("A").setData(ByteString.copyFrom(new byte[EVENT_BYTES])));
    }
    long last = store.append(append.build()).getPosition();

    assertSmall(toLog, message -> message.getEvents().getEventsCount());
    assertSmall(toStream, message -> message.getEvents().getEventsCount());
    for (boolean backwards : List.of(false, true)) {
      assertSmall(
          store.readStream(
              ReadStreamRequest.newBuilder().setStream(stream).setBackwards(backwards).build()),
          page -> page.getEventsCount());
      ReadLogRequest.Builder log = ReadLogRequest.newBuilder().setBackwards(backwards);
      log.setFromPosition(backwards ? last : last - EVENTS + 1).setLimit(EVENTS);
      assertSmall(store.readLog(log.build()), page -> page.getEventsCount());
    }
    assertSmall(
        store.subscribeToLog(
            SubscribeToLogRequest.newBuilder().setAfterPosition(last - EVENTS).build()),
        message -> message.getEvents().getEventsCount());
  }

  private static <R extends Message> void assertSmall(
      Iterator<R> messages, ToIntFunction<R> eventsIn) {
    List<Integer> sizes = new ArrayList<>();
    int events = 0;
    while (events < EVENTS) {
      R message = messages.next();
      events += eventsIn.applyAsInt(message);
      sizes.add(message.getSerializedSize());
    }
    assertThat(events).isEqualTo(EVENTS);
    assertThat(sizes).allMatch(size -> size <= LARGEST_PAGE);
  }
}
