package io.varve.client.connection;

import static java.util.Objects.requireNonNull;

import io.varve.client.connection.PagedList.Page;
import io.varve.client.streams.CategoryInfo;
import io.varve.client.streams.EventTypeInfo;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.Streams;
import io.varve.proto.v1.GetStreamRequest;
import io.varve.proto.v1.ListCategoriesRequest;
import io.varve.proto.v1.ListCategoriesResponse;
import io.varve.proto.v1.ListEventTypesRequest;
import io.varve.proto.v1.ListEventTypesResponse;
import io.varve.proto.v1.ListStreamsRequest;
import io.varve.proto.v1.ListStreamsResponse;
import io.varve.proto.v1.SetRetentionRequest;
import io.varve.proto.v1.StreamsDeleteRequest;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TombstoneRequest;
import io.varve.proto.v1.TruncateRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/** The life of a server's streams. */
final class RemoteStreams implements Streams {

  private final UnaryCalls calls;

  RemoteStreams(UnaryCalls calls) {
    this.calls = calls;
  }

  @Override
  public Optional<StreamInfo> get(String stream) {
    GetStreamRequest request =
        GetStreamRequest.newBuilder().setStream(ProtoMapping.streamName(stream)).build();
    return calls
        .look(StreamsGrpc.getGetStreamMethod(), request, StoreError::isNoSuchStream)
        .map(response -> StreamMapping.streamInfo(response.getStream()));
  }

  @Override
  public Stream<StreamInfo> all() {
    return list(ListStreamsRequest.getDefaultInstance());
  }

  @Override
  public Stream<StreamInfo> withPrefix(String prefix) {
    return list(
        ListStreamsRequest.newBuilder()
            .setPrefix(ProtoMapping.wellFormed("prefix", prefix))
            .build());
  }

  @Override
  public Stream<StreamInfo> ofCategory(String category) {
    return list(
        ListStreamsRequest.newBuilder()
            .setCategory(ProtoMapping.wellFormed("category", category))
            .build());
  }

  private Stream<StreamInfo> list(ListStreamsRequest which) {
    return PagedList.of(
        token -> {
          ListStreamsRequest request =
              which.toBuilder().setPageSize(PagedList.PAGE_SIZE).setPageToken(token).build();
          ListStreamsResponse page = calls.ask(StreamsGrpc.getListStreamsMethod(), request);
          return new Page<>(
              page.getStreamsList().stream().map(StreamMapping::streamInfo).toList(),
              page.getNextPageToken());
        });
  }

  @Override
  public Stream<CategoryInfo> categories() {
    return PagedList.of(
        token -> {
          ListCategoriesRequest request =
              ListCategoriesRequest.newBuilder()
                  .setPageSize(PagedList.PAGE_SIZE)
                  .setPageToken(token)
                  .build();
          ListCategoriesResponse page = calls.ask(StreamsGrpc.getListCategoriesMethod(), request);
          return new Page<>(
              page.getCategoriesList().stream()
                  .map(found -> new CategoryInfo(found.getCategory(), found.getEventCount()))
                  .toList(),
              page.getNextPageToken());
        });
  }

  @Override
  public Stream<EventTypeInfo> eventTypes() {
    return PagedList.of(
        token -> {
          ListEventTypesRequest request =
              ListEventTypesRequest.newBuilder()
                  .setPageSize(PagedList.PAGE_SIZE)
                  .setPageToken(token)
                  .build();
          ListEventTypesResponse page = calls.ask(StreamsGrpc.getListEventTypesMethod(), request);
          return new Page<>(
              page.getEventTypesList().stream()
                  .map(found -> new EventTypeInfo(found.getType(), found.getEventCount()))
                  .toList(),
              page.getNextPageToken());
        });
  }

  @Override
  public long setRetention(String stream, Retention retention, StreamChange change) {
    SetRetentionRequest.Builder request =
        SetRetentionRequest.newBuilder()
            .setStream(ProtoMapping.streamName(stream))
            .setMaxCount(retention.maxCount())
            .setReason(change.reason());
    Duration maxAge = retention.maxAge();
    if (maxAge != null) {
      request.setMaxAge(StreamMapping.duration(maxAge));
    }
    change.expectedVersion().ifPresent(request::setExpectedVersion);
    return calls
        .once(
            StreamsGrpc.getSetRetentionMethod(),
            request.build(),
            "setting the retention of stream \"" + stream + "\"",
            expected(change))
        .getPosition();
  }

  @Override
  public long truncate(String stream, long beforeVersion, StreamChange change) {
    ProtoMapping.requireAtLeastOne("truncate_before", beforeVersion);
    TruncateRequest.Builder request =
        TruncateRequest.newBuilder()
            .setStream(ProtoMapping.streamName(stream))
            .setTruncateBefore(beforeVersion)
            .setReason(change.reason());
    change.expectedVersion().ifPresent(request::setExpectedVersion);
    return calls
        .once(
            StreamsGrpc.getTruncateMethod(),
            request.build(),
            "truncating stream \"" + stream + "\"",
            expected(change))
        .getPosition();
  }

  @Override
  public long delete(String stream, StreamChange change) {
    StreamsDeleteRequest.Builder request =
        StreamsDeleteRequest.newBuilder()
            .setStream(ProtoMapping.streamName(stream))
            .setReason(change.reason());
    change.expectedVersion().ifPresent(request::setExpectedVersion);
    return calls
        .once(
            StreamsGrpc.getDeleteMethod(),
            request.build(),
            "deleting stream \"" + stream + "\"",
            expected(change))
        .getPosition();
  }

  @Override
  public long tombstone(String stream, StreamChange change) {
    TombstoneRequest.Builder request =
        TombstoneRequest.newBuilder()
            .setStream(ProtoMapping.streamName(stream))
            .setReason(change.reason());
    change.expectedVersion().ifPresent(request::setExpectedVersion);
    return calls
        .once(
            StreamsGrpc.getTombstoneMethod(),
            request.build(),
            "closing stream \"" + stream + "\"",
            expected(change))
        .getPosition();
  }

  private static ExpectedVersion expected(StreamChange change) {
    requireNonNull(change);
    return change.expectedVersion().isPresent()
        ? ExpectedVersion.exactly(change.expectedVersion().getAsLong())
        : ExpectedVersion.any();
  }
}
