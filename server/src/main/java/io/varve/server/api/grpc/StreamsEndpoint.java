package io.varve.server.api.grpc;

import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.CategoryInfo;
import io.varve.proto.v1.EventTypeInfo;
import io.varve.proto.v1.GetStreamRequest;
import io.varve.proto.v1.GetStreamResponse;
import io.varve.proto.v1.ListCategoriesRequest;
import io.varve.proto.v1.ListCategoriesResponse;
import io.varve.proto.v1.ListEventTypesRequest;
import io.varve.proto.v1.ListEventTypesResponse;
import io.varve.proto.v1.ListStreamsRequest;
import io.varve.proto.v1.ListStreamsResponse;
import io.varve.proto.v1.Retention;
import io.varve.proto.v1.SetRetentionRequest;
import io.varve.proto.v1.SetRetentionResponse;
import io.varve.proto.v1.StreamInfo;
import io.varve.proto.v1.StreamsDeleteRequest;
import io.varve.proto.v1.StreamsDeleteResponse;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TombstoneRequest;
import io.varve.proto.v1.TombstoneResponse;
import io.varve.proto.v1.TruncateRequest;
import io.varve.proto.v1.TruncateResponse;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.append.StreamLifeCommand;
import io.varve.server.append.StreamLifeCommand.Change;
import io.varve.server.config.Limits;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.event.StreamState;
import io.varve.server.read.EventReader;
import io.varve.server.read.StreamDirectory;
import io.varve.server.read.VisibleEntries;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code varve.v1.Streams}: what streams there are, and what is kept of them.
 * Thread-safe.
 *
 * <p>Exceptions that leave a method become the call's status in {@link RequestGuard}.
 */
public final class StreamsEndpoint {
  private static final int MAX_REASON_BYTES = 1_024;

  private final CommitLog commitLog;
  private final EventReader reader;
  private final StreamDirectory directory;
  private final Checks checks;
  private final InstantSource clock;
  private final Supplier<UUID> eventIds;

  /**
   * @param clock tells the time at which changes are proposed
   * @param eventIds makes ids for the events that record changes
   */
  public StreamsEndpoint(
      CommitLog commitLog,
      EventReader reader,
      StreamDirectory directory,
      Limits limits,
      InstantSource clock,
      Supplier<UUID> eventIds) {
    this.commitLog = commitLog;
    this.reader = reader;
    this.directory = directory;
    this.checks = new Checks(limits);
    this.clock = clock;
    this.eventIds = eventIds;
  }

  /** The service as gRPC serves it. */
  ServerServiceDefinition service() {
    return new Service().bindService();
  }

  private final class Service extends StreamsGrpc.StreamsImplBase {
    @Override
    public void getStream(GetStreamRequest request, StreamObserver<GetStreamResponse> observer) {
      UnaryAnswer.send(observer, get(request));
    }

    @Override
    public void listStreams(
        ListStreamsRequest request, StreamObserver<ListStreamsResponse> observer) {
      UnaryAnswer.send(observer, list(request));
    }

    @Override
    public void listCategories(
        ListCategoriesRequest request, StreamObserver<ListCategoriesResponse> observer) {
      UnaryAnswer.send(observer, list(request));
    }

    @Override
    public void listEventTypes(
        ListEventTypesRequest request, StreamObserver<ListEventTypesResponse> observer) {
      UnaryAnswer.send(observer, list(request));
    }

    @Override
    public void setRetention(
        SetRetentionRequest request, StreamObserver<SetRetentionResponse> observer) {
      Change change =
          new Change.SetRetention(
              Checks.place("max_count", request.getMaxCount()),
              request.hasMaxAge() ? maxAge(request.getMaxAge()) : null);
      Long expected = request.hasExpectedVersion() ? request.getExpectedVersion() : null;
      propose(
          command(request.getStream(), expected, change, request.getReason()),
          observer,
          position -> SetRetentionResponse.newBuilder().setPosition(position).build());
    }

    @Override
    public void truncate(TruncateRequest request, StreamObserver<TruncateResponse> observer) {
      Change change =
          new Change.Truncate(Checks.placeOfEvent("truncate_before", request.getTruncateBefore()));
      Long expected = request.hasExpectedVersion() ? request.getExpectedVersion() : null;
      propose(
          command(request.getStream(), expected, change, request.getReason()),
          observer,
          position -> TruncateResponse.newBuilder().setPosition(position).build());
    }

    @Override
    public void delete(
        StreamsDeleteRequest request, StreamObserver<StreamsDeleteResponse> observer) {
      Long expected = request.hasExpectedVersion() ? request.getExpectedVersion() : null;
      propose(
          command(request.getStream(), expected, new Change.Delete(), request.getReason()),
          observer,
          position -> StreamsDeleteResponse.newBuilder().setPosition(position).build());
    }

    @Override
    public void tombstone(TombstoneRequest request, StreamObserver<TombstoneResponse> observer) {
      Long expected = request.hasExpectedVersion() ? request.getExpectedVersion() : null;
      propose(
          command(request.getStream(), expected, new Change.Tombstone(), request.getReason()),
          observer,
          position -> TombstoneResponse.newBuilder().setPosition(position).build());
    }
  }

  // ---- changes

  private StreamLifeCommand command(
      String stream, @Nullable Long expectedVersion, Change change, String reason) {
    StreamId id = checks.writableStream("stream", stream);
    if (expectedVersion != null) {
      Checks.place("expected_version", expectedVersion);
    }
    checks.prose("reason", reason, MAX_REASON_BYTES);
    return new StreamLifeCommand(
        id,
        expectedVersion,
        change,
        reason,
        CallerAddress.whoAndWhere(),
        eventIds.get(),
        clock.instant());
  }

  private static java.time.Duration maxAge(Duration age) {
    if (!Durations.isValid(age) || !Durations.isPositive(age)) {
      throw Errors.invalid(
          "max_age",
          "must be a time above zero of at most 10,000 years, was "
              + age.getSeconds()
              + " s, "
              + age.getNanos()
              + " ns");
    }
    return java.time.Duration.ofSeconds(age.getSeconds(), age.getNanos());
  }

  private <R> void propose(
      StreamLifeCommand command, StreamObserver<R> observer, Function<Long, R> response) {
    new CommitCall<>(observer)
        .propose(
            commitLog,
            command,
            outcome ->
                outcome instanceof Outcome.StreamChanged changed
                    ? response.apply(changed.position().value())
                    : null);
  }

  // ---- one stream

  private GetStreamResponse get(GetStreamRequest request) {
    StreamId stream = checks.stream("stream", request.getStream());
    StreamHead head = directory.headOf(stream);
    if (head.equals(StreamHead.NONE)) {
      throw Errors.streamNotFound(stream.value(), false);
    }
    return GetStreamResponse.newBuilder().setStream(info(stream, head)).build();
  }

  private StreamInfo info(StreamId stream, StreamHead head) {
    long firstKept = reader.firstKept(head);
    StreamInfo.Builder info =
        StreamInfo.newBuilder()
            .setStream(stream.value())
            .setVersion(head.version())
            .setFirstKeptVersion(firstKept)
            .setEventCount(head.version() - firstKept + 1)
            .setLastPosition(head.lastPosition())
            .setLife(life(head.life()));
    if (head.exists()) {
      info.setCreatedAt(ProtoTimes.of(head.createdAt()))
          .setLastAppendedAt(ProtoTimes.of(head.lastRecordedAt()));
    }
    StreamState state = head.state();
    java.time.Duration maxAge = state.maxAge();
    if (state.maxCount() > 0 || maxAge != null || state.truncateBefore() > 0) {
      Retention.Builder retention =
          Retention.newBuilder()
              .setMaxCount(state.maxCount())
              .setTruncateBefore(state.truncateBefore());
      if (maxAge != null) {
        retention.setMaxAge(
            Duration.newBuilder().setSeconds(maxAge.getSeconds()).setNanos(maxAge.getNano()));
      }
      info.setRetention(retention);
    }
    return info.build();
  }

  private static io.varve.proto.v1.StreamLife life(StreamLife life) {
    return switch (life) {
      case OPEN -> io.varve.proto.v1.StreamLife.STREAM_LIFE_OPEN;
      case DELETED -> io.varve.proto.v1.StreamLife.STREAM_LIFE_DELETED;
      case TOMBSTONED -> io.varve.proto.v1.StreamLife.STREAM_LIFE_TOMBSTONED;
    };
  }

  // ---- listings

  /** Whether a category or an event type is told: the server's own are for administrators. */
  private static boolean mayBeTold(Caller caller, String name) {
    return !name.startsWith("$") || caller.principal().isAdministrator();
  }

  private ListStreamsResponse list(ListStreamsRequest request) {
    Caller caller = Caller.ofThisCall();
    Page<StreamId> page =
        page(
            request.getPageSize(),
            request.getPageToken(),
            (afterOrNull, limit) -> {
              String after = afterOrNull == null ? "" : afterOrNull;
              return VisibleEntries.of(
                  after,
                  limit,
                  (from, most) ->
                      switch (request.getFilterCase()) {
                        case FILTER_NOT_SET -> directory.startingWith("", from, most);
                        case PREFIX -> directory.startingWith(request.getPrefix(), from, most);
                        case CATEGORY -> directory.ofCategory(request.getCategory(), from, most);
                      },
                  StreamId::value,
                  caller::mayRead);
            },
            StreamId::value,
            "streams",
            request.getFilterCase().name(),
            request.getPrefix(),
            request.getCategory());
    ListStreamsResponse.Builder response = ListStreamsResponse.newBuilder();
    page.entries().forEach(stream -> response.addStreams(info(stream, directory.headOf(stream))));
    return response.setNextPageToken(page.nextToken()).build();
  }

  private ListCategoriesResponse list(ListCategoriesRequest request) {
    Page<TermCount> page =
        counts(TermKind.CATEGORY, request.getPageSize(), request.getPageToken(), "categories");
    ListCategoriesResponse.Builder response = ListCategoriesResponse.newBuilder();
    for (TermCount category : page.entries()) {
      response.addCategories(
          CategoryInfo.newBuilder().setCategory(category.text()).setEventCount(category.count()));
    }
    return response.setNextPageToken(page.nextToken()).build();
  }

  private ListEventTypesResponse list(ListEventTypesRequest request) {
    Page<TermCount> page =
        counts(TermKind.TYPE, request.getPageSize(), request.getPageToken(), "event types");
    ListEventTypesResponse.Builder response = ListEventTypesResponse.newBuilder();
    for (TermCount type : page.entries()) {
      response.addEventTypes(
          EventTypeInfo.newBuilder().setType(type.text()).setEventCount(type.count()));
    }
    return response.setNextPageToken(page.nextToken()).build();
  }

  /** How many events there are of each category or type that the caller is told of. */
  private Page<TermCount> counts(TermKind kind, int pageSize, String pageToken, String listing) {
    Caller caller = Caller.ofThisCall();
    return page(
        pageSize,
        pageToken,
        (after, limit) ->
            VisibleEntries.of(
                after == null ? "" : after,
                limit,
                (from, most) -> directory.counts(kind, from.isEmpty() ? null : from, most),
                TermCount::text,
                name -> mayBeTold(caller, name)),
        TermCount::text,
        listing);
  }

  /**
   * One page of a listing.
   *
   * @param nextToken asks for the next page; empty when this is the last
   */
  private record Page<T>(List<T> entries, String nextToken) {}

  /** Finds the entries behind a name, or the first when it is null, at most so many. */
  private interface Finder<T> {
    List<T> find(@Nullable String after, int limit);
  }

  /**
   * The page that was asked for.
   *
   * @param name what the entries are ordered by
   * @param listing what is listed: a token of another listing is refused
   */
  private static <T> Page<T> page(
      int requestedSize,
      String token,
      Finder<T> finder,
      Function<T, String> name,
      String... listing) {
    int size = Checks.pageSize(requestedSize);
    byte[] key = PageToken.key(token, listing);
    String after = key == null ? null : new String(key, StandardCharsets.UTF_8);
    List<T> found = finder.find(after, size + 1); // one more, which tells whether this is the last
    if (found.size() <= size) {
      return new Page<>(found, "");
    }
    List<T> entries = found.subList(0, size);
    String last = name.apply(entries.getLast());
    return new Page<>(entries, PageToken.after(last.getBytes(StandardCharsets.UTF_8), listing));
  }
}
