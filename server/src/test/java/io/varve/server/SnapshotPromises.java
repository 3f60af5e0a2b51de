package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.Snapshot;
import io.varve.proto.v1.SnapshotsGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Saves snapshots of a stream, and checks what is there: they may all be lost, and none may be
 * wrong.
 */
final class SnapshotPromises {
  private final String stream;
  private final AtomicLong saved = new AtomicLong();

  SnapshotPromises(String stream) {
    this.stream = stream;
  }

  /** Saves a snapshot of where the stream is, again and again, until the server goes away. */
  void saveUntilCut(Channel channel) {
    try {
      while (true) {
        long version = check(channel);
        if (version > 0) {
          var answer =
              SnapshotsGrpc.newBlockingStub(channel)
                  .saveSnapshot(
                      SaveSnapshotRequest.newBuilder()
                          .setSnapshot(
                              Snapshot.newBuilder()
                                  .setStream(stream)
                                  .setVersion(version)
                                  .setData(ByteString.copyFrom(state(version), UTF_8)))
                          .build());
          assertThat(answer).isNotNull();
          saved.incrementAndGet();
        }
      }
    } catch (StatusRuntimeException gone) {
      // The server was killed, or its disk failed.
    }
  }

  /** Reads the stream from its snapshot. Returns its version; 0 if there is no stream. */
  long check(Channel channel) {
    List<ReadStreamResponse> pages = new ArrayList<>();
    try {
      EventStoreGrpc.newBlockingStub(channel)
          .readStream(
              ReadStreamRequest.newBuilder().setStream(stream).setFromSnapshot(true).build())
          .forEachRemaining(pages::add);
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Code.NOT_FOUND) {
        throw e;
      }
      return 0;
    }
    long version = 0;
    for (ReadStreamResponse page : pages) {
      if (page.hasSnapshot()) {
        version = page.getSnapshot().getVersion();
        assertThat(page.getSnapshot().getData().toStringUtf8()).isEqualTo(state(version));
      }
      for (RecordedEvent event : page.getEventsList()) {
        assertThat(event.getVersion()).as("the next event of " + stream).isEqualTo(++version);
      }
    }
    return version;
  }

  private String state(long version) {
    return (stream + " at " + version + ", ").repeat(20);
  }

  @Override
  public String toString() {
    return saved + " snapshots saved";
  }
}
