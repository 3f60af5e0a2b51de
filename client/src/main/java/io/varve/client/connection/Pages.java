package io.varve.client.connection;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.MethodDescriptor;
import io.varve.client.connection.PagedReader.Page;
import io.varve.client.streams.RecordedEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The reads, answered with pages. A page that has something which is no event fails when it is
 * taken.
 */
final class Pages {

  static final MethodDescriptor<ReadStreamRequest, Supplier<Page>> READ_STREAM =
      DecodingMarshaller.decoding(
          EventStoreGrpc.getReadStreamMethod(),
          bytes -> plain(bytes, true),
          message -> () -> page(message));

  static final MethodDescriptor<ReadLogRequest, Supplier<Page>> READ_LOG =
      DecodingMarshaller.decoding(
          EventStoreGrpc.getReadLogMethod(),
          bytes -> plain(bytes, false),
          message -> () -> page(message));

  private Pages() {}

  private static Page page(ReadStreamResponse message) {
    return new Page(
        message.getHeadPosition(),
        ProtoMapping.recordedEvents(message.getEventsList()),
        message.hasSnapshot() ? StreamMapping.snapshot(message.getSnapshot()) : null);
  }

  private static Page page(ReadLogResponse message) {
    return new Page(
        message.getHeadPosition(), ProtoMapping.recordedEvents(message.getEventsList()), null);
  }

  /** Pages of streams and of the log are alike, but for the snapshot. */
  private static @Nullable Supplier<Page> plain(EventDecoder bytes, boolean mayHaveSnapshot) {
    List<RecordedEvent> events = new ArrayList<>();
    long headPosition = 0;
    Snapshot snapshot = null;
    while (bytes.hasMore()) {
      int tag = bytes.tag();
      switch (tag) {
        case 1 << 3 | 2 -> {
          RecordedEvent event = bytes.event();
          if (event == null) {
            return null;
          }
          events.add(event);
        }
        case 2 << 3 -> headPosition = bytes.varint();
        case 3 << 3 | 2 -> {
          if (!mayHaveSnapshot) {
            bytes.skip(tag);
          } else if (snapshot == null) {
            snapshot = snapshot(bytes);
          } else {
            bytes.giveUp();
          }
        }
        default -> bytes.skip(tag);
      }
    }
    if (!bytes.isPlain()) {
      return null;
    }
    long head = headPosition;
    if (snapshot == null) {
      Page page = new Page(head, events, null);
      return () -> page;
    }
    Snapshot first = snapshot;
    return () -> new Page(head, events, StreamMapping.snapshot(first));
  }

  /** There is one in a read at most, so the generated parser will do. */
  private static @Nullable Snapshot snapshot(EventDecoder bytes) {
    try {
      Snapshot snapshot = Snapshot.parseFrom(bytes.bytes());
      // How deep JSON and unknown groups may be nested depends on how deep they begin.
      if (!snapshot.hasJson() && snapshot.getUnknownFields().asMap().isEmpty()) {
        return snapshot;
      }
    } catch (InvalidProtocolBufferException e) {
      // To be met again, and told, by the parser of the whole page.
    }
    bytes.giveUp();
    return null;
  }
}
