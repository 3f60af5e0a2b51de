package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.server.TestServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read from the disk is what is read from memory. */
class ColdReadTest {
  private static final String STREAM = "account-1";
  private static final int EVENTS = 3_000; // several pages

  @TempDir Path folder;

  @Test
  void a_stream_reads_the_same_from_memory_and_from_the_disk() throws Exception {
    List<List<RecordedEvent>> written;
    try (TestServer server = TestServer.start(folder)) {
      Channel channel = server.connect();
      AppendRequest.Builder append = AppendRequest.newBuilder().setStream(STREAM);
      for (int i = 0; i < EVENTS; i++) {
        append.addEvents(event("A").setData(ByteString.copyFrom(new byte[100])));
      }
      assertThat(EventStoreGrpc.newBlockingStub(channel).append(append.build()).getVersion())
          .isEqualTo(EVENTS);
      written = reads(channel);
      assertThat(written.getFirst()).hasSize(EVENTS);
    }
    try (TestServer server = TestServer.start(folder)) {
      Channel channel = server.connect();
      assertThat(reads(channel)).as("from the disk").isEqualTo(written);
      assertThat(reads(channel)).as("from memory").isEqualTo(written);
    }
  }

  @Test
  void what_a_cold_read_is_refused_for_is_told_as_ever() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      assertThat(
              EventStoreGrpc.newBlockingStub(server.connect())
                  .append(
                      AppendRequest.newBuilder().setStream(STREAM).addEvents(event("A")).build())
                  .getVersion())
          .isEqualTo(1);
    }
    try (TestServer server = TestServer.start(folder)) {
      Channel channel = server.connect();
      StatusRuntimeException refusal =
          catchThrowableOfType(
              StatusRuntimeException.class,
              () -> read(channel, ReadStreamRequest.newBuilder().setStream("account-2")));
      assertThat(refusal.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
      assertThat(refusal.getStatus().getDescription()).contains("account-2");
    }
  }

  /** The whole stream, the same backwards, and a few from its middle. */
  private static List<List<RecordedEvent>> reads(Channel channel) {
    ReadStreamRequest.Builder all = ReadStreamRequest.newBuilder().setStream(STREAM);
    return List.of(
        read(channel, all),
        read(channel, all.clone().setBackwards(true)),
        read(channel, all.clone().setFromVersion(EVENTS / 2).setLimit(5)));
  }

  private static List<RecordedEvent> read(Channel channel, ReadStreamRequest.Builder request) {
    List<RecordedEvent> events = new ArrayList<>();
    EventStoreGrpc.newBlockingStub(channel)
        .readStream(request.build())
        .forEachRemaining(page -> events.addAll(page.getEventsList()));
    return events;
  }
}
