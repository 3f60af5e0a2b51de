package io.varve.server.api.grpc;

import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.Value;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.server.event.StreamId;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotSummary;
import java.nio.ByteBuffer;

/** From snapshots to messages. */
final class SnapshotMessages {
  private SnapshotMessages() {}

  /**
   * @param json whether a state that is JSON is wanted as a value
   */
  static io.varve.proto.v1.Snapshot of(Snapshot snapshot, boolean json) {
    io.varve.proto.v1.Snapshot.Builder message = builder(snapshot.stream(), snapshot.summary());
    Value value = json ? JsonPayloads.parse(ByteBuffer.wrap(snapshot.data())) : null;
    return value == null
        ? message.setData(UnsafeByteOperations.unsafeWrap(snapshot.data())).build()
        : message.setJson(value).build();
  }

  /** Everything but the state. */
  static io.varve.proto.v1.Snapshot of(StreamId stream, SnapshotSummary summary) {
    return builder(stream, summary).build();
  }

  private static io.varve.proto.v1.Snapshot.Builder builder(
      StreamId stream, SnapshotSummary summary) {
    return io.varve.proto.v1.Snapshot.newBuilder()
        .setStream(stream.value())
        .setVersion(summary.version())
        .setSchemaVersion(summary.schemaVersion())
        .setContentType(summary.contentType())
        .setSavedAt(ProtoTimes.of(summary.savedAt()));
  }

  /** What a read's first page carries beside its events. */
  static byte[] firstPage(Snapshot snapshot, boolean json) {
    return ReadStreamResponse.newBuilder().setSnapshot(of(snapshot, json)).build().toByteArray();
  }
}
