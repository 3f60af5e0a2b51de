package io.varve.client.connection;

import static java.lang.Character.MAX_SURROGATE;
import static java.lang.Character.MIN_SURROGATE;

import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import io.varve.client.streams.AppendCondition;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.InvalidRequestException.FieldViolation;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.SubscriptionStart;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.Transaction.StreamPart;
import io.varve.client.streams.TransactionResult;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.StreamAppended;
import io.varve.proto.v1.StreamState;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Between the values of the API and the messages of the wire. */
final class ProtoMapping {

  private static final Instant FIRST_TIME = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST_TIME = Instant.parse("9999-12-31T23:59:59.999999999Z");

  private ProtoMapping() {}

  static AppendRequest appendRequest(
      String stream, ExpectedVersion expected, List<NewEvent> events, @Nullable Tracking tracking) {
    AppendRequest.Builder request = AppendRequest.newBuilder().setStream(streamName(stream));
    switch (expected) {
      case ExpectedVersion.Any any -> request.setState(StreamState.STREAM_STATE_ANY);
      case ExpectedVersion.NoStream noStream ->
          request.setState(StreamState.STREAM_STATE_NO_STREAM);
      case ExpectedVersion.StreamExists exists ->
          request.setState(StreamState.STREAM_STATE_STREAM_EXISTS);
      case ExpectedVersion.Exactly exactly -> request.setVersion(exactly.version());
    }
    for (NewEvent event : events) {
      request.addEvents(newEvent(event));
    }
    if (tracking != null) {
      request.setTracking(tracking(tracking));
    }
    return request.build();
  }

  static TransactRequest transactRequest(Transaction transaction) {
    TransactRequest.Builder request = TransactRequest.newBuilder();
    for (StreamPart part : transaction.streams()) {
      request.addStreams(streamAppend(part));
    }
    for (AppendCondition condition : transaction.conditions()) {
      request.addConditions(condition(condition));
    }
    if (transaction.tracking() != null) {
      request.setTracking(tracking(transaction.tracking()));
    }
    return request.build();
  }

  private static StreamAppend streamAppend(StreamPart part) {
    StreamAppend.Builder message = StreamAppend.newBuilder().setStream(part.stream());
    switch (part.expected()) {
      case ExpectedVersion.Any any -> message.setState(StreamState.STREAM_STATE_ANY);
      case ExpectedVersion.NoStream noStream ->
          message.setState(StreamState.STREAM_STATE_NO_STREAM);
      case ExpectedVersion.StreamExists exists ->
          message.setState(StreamState.STREAM_STATE_STREAM_EXISTS);
      case ExpectedVersion.Exactly exactly -> message.setVersion(exactly.version());
    }
    for (NewEvent event : part.events()) {
      message.addEvents(newEvent(event));
    }
    return message.build();
  }

  private static io.varve.proto.v1.AppendCondition condition(AppendCondition condition) {
    io.varve.proto.v1.AppendCondition.Builder message =
        io.varve.proto.v1.AppendCondition.newBuilder().setQuery(query(condition.query()));
    if (condition.afterPosition() > 0) {
      message.setAfterPosition(condition.afterPosition());
    }
    if (condition.since() != null) {
      message.setSince(timestamp(condition.since()));
    }
    return message.build();
  }

  private static io.varve.proto.v1.Tracking tracking(Tracking tracking) {
    return io.varve.proto.v1.Tracking.newBuilder()
        .setSource(tracking.source())
        .setPosition(tracking.position())
        .build();
  }

  static TransactionResult transactionResult(TransactResponse response) {
    Map<String, Long> versions = new LinkedHashMap<>();
    for (StreamAppended written : response.getStreamsList()) {
      versions.put(written.getStream(), written.getVersion());
    }
    return new TransactionResult(
        versions,
        response.getPosition(),
        response.hasRecordedAt() ? instant(response.getRecordedAt()) : null,
        response.getDeduplicated());
  }

  /**
   * Half a surrogate pair has no UTF-8 form: on the wire the name would silently become another
   * one.
   */
  static String streamName(String stream) {
    return wellFormed("stream", stream);
  }

  /** The same of any text. */
  static String wellFormed(String field, String text) {
    // As code points whole pairs are one, and lie beyond all surrogates.
    if (text.codePoints().anyMatch(c -> c >= MIN_SURROGATE && c <= MAX_SURROGATE)) {
      throw invalid(field, "holds half a surrogate pair");
    }
    return text;
  }

  /** A negative number would be an enormous one on the wire. */
  static void requireAtLeastOne(String field, long value) {
    if (value < 1) {
      throw invalid(field, "must be 1 or higher, was " + value);
    }
  }

  private static InvalidRequestException invalid(String field, String description) {
    return new InvalidRequestException(
        field + " " + description, List.of(new FieldViolation(field, description)), null);
  }

  private static io.varve.proto.v1.NewEvent newEvent(NewEvent event) {
    io.varve.proto.v1.NewEvent.Builder message =
        io.varve.proto.v1.NewEvent.newBuilder()
            .setId(event.id().toString())
            .setType(event.type())
            .setData(UnsafeByteOperations.unsafeWrap(event.data())) // data() is a copy already
            .setContentType(event.contentType())
            .putAllMetadata(event.metadata())
            .addAllTags(event.tags());
    Instant occurredAt = event.occurredAt();
    if (occurredAt != null) {
      message.setOccurredAt(timestamp(occurredAt));
    }
    return message.build();
  }

  static AppendResult appendResult(AppendResponse response) {
    return new AppendResult(
        response.getVersion(),
        response.getPosition(),
        instant(response.getRecordedAt()),
        response.getDeduplicated());
  }

  /**
   * An event as it came.
   *
   * @throws StoreFailedException it is not one: no UUID, no version, no position
   */
  static RecordedEvent recordedEvent(io.varve.proto.v1.RecordedEvent message) {
    try {
      NewEvent.Builder event =
          NewEvent.builder(message.getType())
              .id(UUID.fromString(message.getId()))
              .data(message.getData().asReadOnlyByteBuffer())
              .contentType(message.getContentType())
              .metadata(message.getMetadataMap())
              .tags(message.getTagsList());
      if (message.hasOccurredAt()) {
        event.occurredAt(instant(message.getOccurredAt()));
      }
      return new RecordedEvent(
          message.getStream(),
          message.getVersion(),
          message.getPosition(),
          instant(message.getRecordedAt()),
          event.build());
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new StoreFailedException(
          "the server sent something that is no event, at position "
              + message.getPosition()
              + " of stream \""
              + message.getStream()
              + "\": "
              + e.getMessage(),
          e);
    }
  }

  static List<RecordedEvent> recordedEvents(List<io.varve.proto.v1.RecordedEvent> messages) {
    return messages.stream().map(ProtoMapping::recordedEvent).toList();
  }

  static ReadStreamRequest readStreamRequest(ReadStream read) {
    ReadStreamRequest.Builder request =
        ReadStreamRequest.newBuilder()
            .setStream(read.stream())
            .setFromVersion(read.fromVersion())
            .setBackwards(read.isBackwards())
            .setLimit(read.limit())
            .setNotBeforePosition(read.notBeforePosition())
            .setFromSnapshot(read.isFromSnapshot())
            .setSkipArchived(read.isSkipArchived());
    Instant asOf = read.asOf();
    if (asOf != null) {
      request.setAsOf(timestamp(asOf));
    }
    return request.build();
  }

  static ReadLogRequest readLogRequest(ReadLog read) {
    ReadLogRequest.Builder request =
        ReadLogRequest.newBuilder()
            .setQuery(query(read.query()))
            .setFromPosition(read.fromPosition())
            .setToPosition(read.toPosition())
            .setBackwards(read.isBackwards())
            .setLimit(read.limit())
            .setNotBeforePosition(read.notBeforePosition())
            .setSkipArchived(read.isSkipArchived());
    Instant fromTime = read.fromTime();
    if (fromTime != null) {
      request.setFromTime(timestamp(fromTime));
    }
    Instant toTime = read.toTime();
    if (toTime != null) {
      request.setToTime(timestamp(toTime));
    }
    return request.build();
  }

  static io.varve.proto.v1.Query query(Query query) {
    io.varve.proto.v1.Query.Builder message = io.varve.proto.v1.Query.newBuilder();
    for (io.varve.client.streams.QueryItem item : query.items()) {
      message.addItems(
          QueryItem.newBuilder()
              .addAllTypes(item.types())
              .addAllTags(item.tags())
              .addAllStreamPrefixes(item.streamPrefixes())
              .addAllCategories(item.categories()));
    }
    return message.build();
  }

  static SubscribeToStreamRequest subscribeToStream(
      SubscribeToStream request, SubscriptionStart start) {
    SubscribeToStreamRequest.Builder message =
        SubscribeToStreamRequest.newBuilder()
            .setStream(request.stream())
            .setNotBeforePosition(request.notBeforePosition())
            .setSkipArchived(request.isSkipArchived());
    switch (start) {
      case SubscriptionStart.FromStart fromStart ->
          message.setFromStart(Empty.getDefaultInstance());
      case SubscriptionStart.FromNow fromNow -> message.setFromNow(Empty.getDefaultInstance());
      case SubscriptionStart.After after -> message.setAfterVersion(after.place());
    }
    return message.build();
  }

  static SubscribeToLogRequest subscribeToLog(SubscribeToLog request, SubscriptionStart start) {
    SubscribeToLogRequest.Builder message =
        SubscribeToLogRequest.newBuilder()
            .setQuery(query(request.query()))
            .setNotBeforePosition(request.notBeforePosition())
            .setSkipArchived(request.isSkipArchived());
    switch (start) {
      case SubscriptionStart.FromStart fromStart ->
          message.setFromStart(Empty.getDefaultInstance());
      case SubscriptionStart.FromNow fromNow -> message.setFromNow(Empty.getDefaultInstance());
      case SubscriptionStart.After after -> message.setAfterPosition(after.place());
    }
    return message.build();
  }

  /**
   * A time as the wire carries it.
   *
   * @throws IllegalArgumentException it is not from year 1 to year 9999, which the wire cannot
   *     carry
   */
  static Timestamp wireTime(String what, Instant time) {
    if (time.isBefore(FIRST_TIME) || time.isAfter(LAST_TIME)) {
      throw new IllegalArgumentException(what + " must be from year 1 to year 9999, was " + time);
    }
    return timestamp(time);
  }

  private static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }
}
