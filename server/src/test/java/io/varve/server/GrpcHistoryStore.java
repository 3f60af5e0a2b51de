package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.proto.v1.AppendCondition;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.ConditionFailed;
import io.varve.proto.v1.EventIdTaken;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetStreamRequest;
import io.varve.proto.v1.GetTrackingRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.StreamAppended;
import io.varve.proto.v1.StreamState;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.Tracking;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import io.varve.proto.v1.VersionConflict;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.history.Answer;
import io.varve.server.history.Call;
import io.varve.server.history.LoggedEvent;
import io.varve.server.history.Selection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A server as a history sees it: each call is sent once, over generated stubs, and nothing is
 * repeated by itself.
 */
final class GrpcHistoryStore {
  private final Channel channel;

  GrpcHistoryStore(Channel channel) {
    this.channel = channel;
  }

  /**
   * Asks, and waits for the answer so long. {@link Answer.Unknown} when there is none: the link was
   * cut, the server is gone, or the time is over.
   */
  Answer ask(Call call, long deadlineMillis) {
    EventStoreGrpc.EventStoreBlockingStub store =
        EventStoreGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS);
    try {
      return switch (call) {
        case Call.Write write when write.isAppend() -> written(store.append(appendOf(write)));
        case Call.Write write -> written(store.transact(transactOf(write)));
        case Call.ReadLog read -> eventsOfLog(store.readLog(readOf(read)));
        case Call.ReadStream read -> eventsOfStream(store.readStream(readOf(read)));
        case Call.VersionOf(String stream) ->
            new Answer.Value(
                StreamsGrpc.newBlockingStub(channel)
                    .withWaitForReady()
                    .withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS)
                    .getStream(GetStreamRequest.newBuilder().setStream(stream).build())
                    .getStream()
                    .getVersion());
        case Call.EventAt(long position) ->
            new Answer.Found(
                event(
                    store
                        .getEvent(GetEventRequest.newBuilder().setPosition(position).build())
                        .getEvent()));
        case Call.EventWith(UUID id) ->
            new Answer.Found(
                event(
                    store
                        .getEvent(GetEventRequest.newBuilder().setId(id.toString()).build())
                        .getEvent()));
        case Call.ProgressOf(String source) ->
            new Answer.Value(
                store
                    .getTracking(GetTrackingRequest.newBuilder().setSource(source).build())
                    .getPosition());
        case Call.Delivery _ -> throw new IllegalArgumentException("a delivery is not asked for");
      };
    } catch (StatusRuntimeException e) {
      return refusal(e);
    }
  }

  // ---- requests

  private static AppendRequest appendOf(Call.Write write) {
    Call.Part part = write.parts().getFirst();
    AppendRequest.Builder append = AppendRequest.newBuilder().setStream(part.stream());
    switch (part.expected()) {
      case ExpectedVersion.Exactly exactly -> append.setVersion(exactly.version());
      case ExpectedVersion.NoStream _ -> append.setState(StreamState.STREAM_STATE_NO_STREAM);
      case ExpectedVersion.StreamExists _ ->
          append.setState(StreamState.STREAM_STATE_STREAM_EXISTS);
      case ExpectedVersion.Any _ -> append.setState(StreamState.STREAM_STATE_ANY);
    }
    part.events().forEach(event -> append.addEvents(newEvent(event)));
    Tracking tracking = tracking(write);
    return tracking == null ? append.build() : append.setTracking(tracking).build();
  }

  private static TransactRequest transactOf(Call.Write write) {
    TransactRequest.Builder transact = TransactRequest.newBuilder();
    for (Call.Part part : write.parts()) {
      StreamAppend.Builder stream = StreamAppend.newBuilder().setStream(part.stream());
      switch (part.expected()) {
        case ExpectedVersion.Exactly exactly -> stream.setVersion(exactly.version());
        case ExpectedVersion.NoStream _ -> stream.setState(StreamState.STREAM_STATE_NO_STREAM);
        case ExpectedVersion.StreamExists _ ->
            stream.setState(StreamState.STREAM_STATE_STREAM_EXISTS);
        case ExpectedVersion.Any _ -> stream.setState(StreamState.STREAM_STATE_ANY);
      }
      part.events().forEach(event -> stream.addEvents(newEvent(event)));
      transact.addStreams(stream);
    }
    for (Call.Condition condition : write.conditions()) {
      transact.addConditions(
          AppendCondition.newBuilder()
              .setQuery(query(condition.selection()))
              .setAfterPosition(condition.after()));
    }
    Tracking tracking = tracking(write);
    return tracking == null ? transact.build() : transact.setTracking(tracking).build();
  }

  private static @Nullable Tracking tracking(Call.Write write) {
    io.varve.server.event.Tracking tracking = write.tracking();
    return tracking == null
        ? null
        : Tracking.newBuilder()
            .setSource(tracking.source())
            .setPosition(tracking.position())
            .build();
  }

  private static NewEvent newEvent(Call.Draft draft) {
    return NewEvent.newBuilder()
        .setId(draft.id().toString())
        .setType(draft.type())
        .addAllTags(draft.tags())
        .build();
  }

  private static Query query(Selection selection) {
    if (selection.equals(Selection.EVERYTHING)) {
      return Query.getDefaultInstance();
    }
    return Query.newBuilder()
        .addItems(
            QueryItem.newBuilder().addAllTypes(selection.types()).addAllTags(selection.tags()))
        .build();
  }

  private static ReadLogRequest readOf(Call.ReadLog read) {
    return ReadLogRequest.newBuilder()
        .setQuery(query(read.selection()))
        .setFromPosition(read.from())
        .setBackwards(read.backwards())
        .setLimit(read.limit())
        .build();
  }

  private static ReadStreamRequest readOf(Call.ReadStream read) {
    return ReadStreamRequest.newBuilder()
        .setStream(read.stream())
        .setFromVersion(read.from())
        .setBackwards(read.backwards())
        .setLimit(read.limit())
        .build();
  }

  // ---- answers

  private static Answer written(AppendResponse answer) {
    return new Answer.Written(
        List.of(answer.getVersion()), answer.getPosition(), answer.getDeduplicated());
  }

  private static Answer written(TransactResponse answer) {
    return new Answer.Written(
        answer.getStreamsList().stream().map(StreamAppended::getVersion).toList(),
        answer.getPosition(),
        answer.getDeduplicated());
  }

  private static Answer eventsOfLog(Iterator<ReadLogResponse> pages) {
    return events(pages, ReadLogResponse::getHeadPosition, ReadLogResponse::getEventsList);
  }

  private static Answer eventsOfStream(Iterator<ReadStreamResponse> pages) {
    return events(pages, ReadStreamResponse::getHeadPosition, ReadStreamResponse::getEventsList);
  }

  private static <T> Answer events(
      Iterator<T> pages, ToLongFunction<T> headOf, Function<T, List<RecordedEvent>> eventsOf) {
    T page = pages.next(); // there is one, even without an event
    long head = headOf.applyAsLong(page);
    List<LoggedEvent> events = new ArrayList<>();
    while (true) {
      eventsOf.apply(page).forEach(event -> events.add(event(event)));
      if (!pages.hasNext()) {
        return new Answer.Events(head, events);
      }
      page = pages.next();
      assertThat(headOf.applyAsLong(page)).as("the head, page by page").isEqualTo(head);
    }
  }

  static LoggedEvent event(RecordedEvent event) {
    return new LoggedEvent(
        UUID.fromString(event.getId()),
        event.getStream(),
        event.getType(),
        new HashSet<>(event.getTagsList()),
        event.getVersion(),
        event.getPosition());
  }

  /** Whether the call ended without the server's answer. */
  static boolean isWithoutAnswer(StatusRuntimeException e) {
    return switch (e.getStatus().getCode()) {
      case DEADLINE_EXCEEDED, CANCELLED, UNAVAILABLE -> true;
      // So gRPC for Java calls a link that is cut in the midst of a write.
      case UNKNOWN -> e.getStatus().getCause() instanceof IOException;
      default -> false;
    };
  }

  private static Answer refusal(StatusRuntimeException e) {
    return switch (reason(e)) {
      case "VERSION_CONFLICT" -> {
        VersionConflict conflict = detail(e, VersionConflict.class);
        yield new Answer.Conflict(conflict.getStream(), conflict.getActualVersion());
      }
      case "CONDITION_FAILED" -> {
        ConditionFailed failed = detail(e, ConditionFailed.class);
        yield new Answer.ConditionFailed(failed.getCondition(), failed.getPosition());
      }
      case "TRACKING_NOT_RISING" ->
          new Answer.NotRising(
              Long.parseLong(detail(e, ErrorInfo.class).getMetadataOrThrow("position")));
      case "EVENT_ID_TAKEN" ->
          new Answer.IdTaken(UUID.fromString(detail(e, EventIdTaken.class).getEventId()));
      case "STREAM_NOT_FOUND", "EVENT_NOT_FOUND" -> new Answer.NotFound();
      case "QUEUE_FULL" -> new Answer.NotDecided();
      default -> {
        if (isWithoutAnswer(e)) {
          yield new Answer.Unknown();
        }
        throw e;
      }
    };
  }

  private static String reason(StatusRuntimeException e) {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    return status == null || status.getDetailsList().stream().noneMatch(GrpcHistoryStore::isInfo)
        ? ""
        : detail(e, ErrorInfo.class).getReason();
  }

  private static boolean isInfo(Any detail) {
    return detail.is(ErrorInfo.class);
  }

  private static <T extends Message> T detail(StatusRuntimeException e, Class<T> type) {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    try {
      for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
        if (detail.is(type)) {
          return detail.unpack(type);
        }
      }
    } catch (InvalidProtocolBufferException broken) {
      throw new AssertionError("a detail that cannot be read", broken);
    }
    throw new AssertionError("without " + type.getSimpleName(), e);
  }
}
