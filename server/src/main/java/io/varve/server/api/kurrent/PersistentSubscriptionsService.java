package io.varve.server.api.kurrent;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.groups.ConnectionInfo;
import io.varve.proto.kurrent.groups.CreateRequest;
import io.varve.proto.kurrent.groups.CreateResponse;
import io.varve.proto.kurrent.groups.DeleteOptions;
import io.varve.proto.kurrent.groups.DeleteRequest;
import io.varve.proto.kurrent.groups.DeleteResponse;
import io.varve.proto.kurrent.groups.GetInfoOptions;
import io.varve.proto.kurrent.groups.GetInfoRequest;
import io.varve.proto.kurrent.groups.GetInfoResponse;
import io.varve.proto.kurrent.groups.GroupOptions;
import io.varve.proto.kurrent.groups.ListOptions;
import io.varve.proto.kurrent.groups.ListRequest;
import io.varve.proto.kurrent.groups.ListResponse;
import io.varve.proto.kurrent.groups.PersistentSubscriptionsGrpc;
import io.varve.proto.kurrent.groups.ReadRequest;
import io.varve.proto.kurrent.groups.ReadResponse;
import io.varve.proto.kurrent.groups.ReplayParkedOptions;
import io.varve.proto.kurrent.groups.ReplayParkedRequest;
import io.varve.proto.kurrent.groups.ReplayParkedResponse;
import io.varve.proto.kurrent.groups.RestartSubsystemRequest;
import io.varve.proto.kurrent.groups.RestartSubsystemResponse;
import io.varve.proto.kurrent.groups.Settings;
import io.varve.proto.kurrent.groups.SubscriptionInfo;
import io.varve.proto.kurrent.groups.UpdateRequest;
import io.varve.proto.kurrent.groups.UpdateResponse;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.CallerAddress;
import io.varve.server.group.ConsumerGroups;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupInfo;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.Parked;
import io.varve.server.read.EventReader;
import io.varve.server.storage.Head;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code event_store.client.persistent_subscriptions.PersistentSubscriptions}, over
 * consumer groups. Thread-safe.
 */
final class PersistentSubscriptionsService
    extends PersistentSubscriptionsGrpc.PersistentSubscriptionsImplBase {
  /** Groups that are listed at a time. */
  private static final int PAGE = 1_000;

  /** Parked events that are asked for by name at a time. */
  private static final int REPLAYED_AT_ONCE = 10_000;

  private final ConsumerGroups groups;
  private final EventReader reader;
  private final Head head;
  private final GroupForm form;
  private final EventViews views;
  private final Executor executor;
  private final InstantSource clock;
  private final IntConsumer sent;
  private final GroupCalls calls = new GroupCalls();
  private volatile boolean stopping;

  /**
   * @param executor runs what looks at the disk
   * @param clock tells when a group is created
   * @param sent hears how many events have been handed to the transport
   */
  PersistentSubscriptionsService(
      ConsumerGroups groups,
      EventReader reader,
      Head head,
      GroupForm form,
      EventViews views,
      Executor executor,
      InstantSource clock,
      IntConsumer sent) {
    this.groups = groups;
    this.reader = reader;
    this.head = head;
    this.form = form;
    this.views = views;
    this.executor = executor;
    this.clock = clock;
    this.sent = sent;
  }

  // ---- groups

  @Override
  public void create(CreateRequest request, StreamObserver<CreateResponse> observer) {
    Caller asking = Caller.ofThisCall();
    GroupName name = form.name(request.getOptions());
    Rights.toConsume(asking, name);
    GroupDefinition definition =
        form.definition(name, request.getOptions(), asking, head.position(), clock.instant());
    answer(
        observer,
        groups.create(definition),
        created -> {
          if (!created) {
            throw KurrentErrors.groupExists(name.source(), name.group());
          }
          return CreateResponse.getDefaultInstance();
        });
  }

  @Override
  public void update(UpdateRequest request, StreamObserver<UpdateResponse> observer) {
    GroupOptions options = request.getOptions();
    GroupName name = allowed(form.name(options));
    GroupSettings settings = form.settings(name, options.getSettings());
    answer(
        observer,
        with(
            name,
            before ->
                groups.update(
                    name.whole(),
                    settings,
                    form.attributes(name, options.getSettings(), before.definition()))),
        updated -> {
          if (!updated) {
            throw missing(name);
          }
          calls.of(name).forEach(GroupCall::drop);
          return UpdateResponse.getDefaultInstance();
        });
  }

  @Override
  public void delete(DeleteRequest request, StreamObserver<DeleteResponse> observer) {
    DeleteOptions options = request.getOptions();
    GroupName name =
        switch (options.getStreamOptionCase()) {
          case STREAM_IDENTIFIER ->
              allowed(form.name(options.getStreamIdentifier(), options.getGroupName()));
          case ALL -> allowed(form.onLog(options.getGroupName()));
          case STREAMOPTION_NOT_SET -> throw noSource();
        };
    answer(
        observer,
        with(name, _ -> groups.delete(name.whole())),
        deleted -> {
          if (!deleted) {
            throw missing(name);
          }
          return DeleteResponse.getDefaultInstance();
        });
  }

  private static GroupName allowed(GroupName name) {
    Rights.toConsume(Caller.ofThisCall(), name);
    return name;
  }

  private static RuntimeException noSource() {
    return KurrentErrors.invalid("stream_option", "must be set: a stream or all");
  }

  private static RuntimeException missing(GroupName name) {
    return KurrentErrors.groupMissing(name.source(), name.group());
  }

  private static GroupInfo found(GroupName name, @Nullable GroupInfo info) {
    if (info == null || !name.equals(GroupName.of(info.definition()))) {
      throw missing(name);
    }
    return info;
  }

  /** Goes on with a group that is there under this name, and not by chance under its whole name. */
  private <T extends @Nullable Object> CompletableFuture<T> with(
      GroupName name, Function<GroupInfo, CompletableFuture<T>> rest) {
    return groups.info(name.whole()).thenCompose(info -> rest.apply(found(name, info)));
  }

  // ---- consuming

  @Override
  public StreamObserver<ReadRequest> read(StreamObserver<ReadResponse> observer) {
    String connection = ConnectionName.ofThisCall();
    GroupCall call =
        new GroupCall(
            (ServerCallStreamObserver<ReadResponse>) observer,
            groups,
            form,
            calls,
            views,
            connection.isEmpty() ? CallerAddress.ofThisCall() : connection,
            executor,
            sent);
    calls.opened(call);
    call.start();
    if (stopping) {
      call.stop();
    }
    return call;
  }

  @Override
  public void restartSubsystem(
      RestartSubsystemRequest request, StreamObserver<RestartSubsystemResponse> observer) {
    restart();
    ((ServerCallStreamObserver<RestartSubsystemResponse>) observer).setOnCancelHandler(() -> {});
    observer.onNext(RestartSubsystemResponse.getDefaultInstance());
    observer.onCompleted();
  }

  /** Ends the calls of all consumers, which are to join anew. */
  void restart() {
    calls.all().forEach(GroupCall::drop);
  }

  // ---- parked events

  @Override
  public void replayParked(
      ReplayParkedRequest request, StreamObserver<ReplayParkedResponse> observer) {
    ReplayParkedOptions options = request.getOptions();
    GroupName name =
        switch (options.getStreamOptionCase()) {
          case STREAM_IDENTIFIER ->
              allowed(form.name(options.getStreamIdentifier(), options.getGroupName()));
          case ALL -> allowed(form.onLog(options.getGroupName()));
          case STREAMOPTION_NOT_SET -> throw noSource();
        };
    answer(
        observer,
        options.hasStopAt()
            ? replay(name, options.getStopAt())
            : this.<@Nullable Long>with(name, _ -> groups.replay(name.whole(), List.of())),
        replayed -> {
          if (replayed == null) {
            throw missing(name);
          }
          return ReplayParkedResponse.getDefaultInstance();
        });
  }

  /** Delivers the oldest so many parked events again. */
  private CompletableFuture<@Nullable Long> replay(GroupName name, long count) {
    if (count < 1) {
      throw KurrentErrors.invalid("stop_at", "must be 1 or more");
    }
    return this.<@Nullable Long>with(name, _ -> replayBehind(name, 0, count));
  }

  /**
   * A page of them, and then the next.
   *
   * @param after those behind this position
   */
  private CompletableFuture<@Nullable Long> replayBehind(GroupName name, long after, long count) {
    int limit = (int) Math.min(count, REPLAYED_AT_ONCE);
    return groups
        .parked(name.whole(), after, limit, executor)
        .thenCompose(
            page -> {
              if (page == null) {
                throw missing(name);
              }
              List<Long> positions = page.events().stream().map(Parked::position).toList();
              if (positions.isEmpty()) {
                return CompletableFuture.<@Nullable Long>completedFuture(0L);
              }
              CompletableFuture<@Nullable Long> replayed = groups.replay(name.whole(), positions);
              long left = count - positions.size();
              return positions.size() < limit || left == 0
                  ? replayed
                  : replayed.thenCompose(
                      done ->
                          done == null
                              ? CompletableFuture.<@Nullable Long>completedFuture(null)
                              : replayBehind(name, positions.getLast(), left));
            });
  }

  // ---- how groups stand

  @Override
  public void getInfo(GetInfoRequest request, StreamObserver<GetInfoResponse> observer) {
    GetInfoOptions options = request.getOptions();
    GroupName name =
        switch (options.getStreamOptionCase()) {
          case STREAM_IDENTIFIER ->
              allowed(form.name(options.getStreamIdentifier(), options.getGroupName()));
          case ALL -> allowed(form.onLog(options.getGroupName()));
          case STREAMOPTION_NOT_SET -> throw noSource();
        };
    answer(
        observer,
        groups.info(name.whole()),
        info ->
            GetInfoResponse.newBuilder()
                .setSubscriptionInfo(toProto(name, found(name, info)))
                .build());
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListResponse> observer) {
    ListOptions options = request.getOptions();
    String source =
        options.getListOptionCase() != ListOptions.ListOptionCase.LIST_FOR_STREAM
            ? null
            : options.getListForStream().hasAll()
                ? GroupName.ALL
                : options.getListForStream().getStream().getStreamName().toStringUtf8();
    Caller asking = Caller.ofThisCall();
    answer(
        observer,
        all("", new ArrayList<>()),
        infos -> {
          ListResponse.Builder response = ListResponse.newBuilder();
          for (GroupInfo info : infos) {
            GroupName name = GroupName.of(info.definition());
            if (name != null
                && (source == null || name.source().equals(source))
                && Rights.mayConsume(asking, name)) {
              response.addSubscriptions(toProto(name, info));
            }
          }
          if (source != null && response.getSubscriptionsCount() == 0) {
            throw KurrentErrors.groupMissing(source, "");
          }
          return response.build();
        });
  }

  private CompletableFuture<List<GroupInfo>> all(String after, List<GroupInfo> found) {
    return groups
        .list(after, PAGE)
        .thenCompose(
            page -> {
              found.addAll(page);
              return page.size() < PAGE
                  ? CompletableFuture.completedFuture(found)
                  : all(page.getLast().definition().name(), found);
            });
  }

  private SubscriptionInfo toProto(GroupName name, GroupInfo info) {
    GroupDefinition group = info.definition();
    Settings said = GroupForm.said(group);
    SubscriptionInfo.Builder proto =
        SubscriptionInfo.newBuilder()
            .setEventSource(name.source())
            .setGroupName(name.group())
            .setStatus(info.lag() == 0 ? "Live" : "Behind")
            .setAveragePerSecond((int) Math.round(info.deliveriesPerSecond()))
            .setLastCheckpointedEventPosition(checkpoint(group, name, info.checkpoint()))
            .setLastKnownEventPosition(lastKnown(group, name))
            .setResolveLinkTos(said.getResolveLinks())
            .setStartFrom(start(group, name))
            .setMessageTimeoutMilliseconds(
                (int) Math.min(Integer.MAX_VALUE, group.settings().ackTimeout().toMillis()))
            .setExtraStatistics(said.getExtraStatistics())
            .setMaxRetryCount(group.settings().maxRetries())
            .setLiveBufferSize(said.getLiveBufferSize())
            .setBufferSize(group.settings().bufferSize())
            .setReadBatchSize(said.getReadBatchSize())
            .setCheckPointAfterMilliseconds(
                (int) Math.min(Integer.MAX_VALUE, group.settings().checkpointAfter().toMillis()))
            .setMinCheckPointCount(said.getMinCheckpointCount())
            .setMaxCheckPointCount(group.settings().checkpointAfterEvents())
            .setRetryBufferCount(info.retrying())
            .setTotalInFlightMessages(info.inFlight())
            .setOutstandingMessagesCount(info.inFlight())
            .setNamedConsumerStrategy(said.getConsumerStrategy())
            .setMaxSubscriberCount(said.getMaxSubscriberCount())
            .setParkedMessageCount(info.parked());
    for (GroupInfo.Consumer consumer : info.consumers()) {
      proto.addConnections(
          ConnectionInfo.newBuilder()
              .setFrom(consumer.name())
              .setConnectionName(consumer.name())
              .setAverageItemsPerSecond((int) Math.round(consumer.deliveriesPerSecond()))
              .setInFlightMessages(consumer.inFlight())
              .setAvailableSlots(Math.clamp(consumer.credit(), 0, Integer.MAX_VALUE)));
    }
    return proto.build();
  }

  private static boolean byVersion(GroupDefinition group) {
    return group.source() instanceof GroupSource.OfStream;
  }

  /** A place as text: of the log both positions, of a stream the revision. */
  private static String place(GroupName name, long place) {
    return name.isOnLog() ? "C:" + place + "/P:" + place : Long.toString(place);
  }

  private static String checkpoint(GroupDefinition group, GroupName name, long checkpoint) {
    return checkpoint == 0 ? "" : place(name, byVersion(group) ? checkpoint - 1 : checkpoint);
  }

  private String lastKnown(GroupDefinition group, GroupName name) {
    long last =
        group.source() instanceof GroupSource.OfStream(var stream)
            ? reader.headOf(stream, head.position()).version() - 1
            : head.position();
    boolean none = byVersion(group) ? last < 0 : last == 0;
    return none ? "" : place(name, last);
  }

  private static String start(GroupDefinition group, GroupName name) {
    return place(
        name,
        switch (group.start()) {
          case GroupStart.After(long place) ->
              byVersion(group) ? place : place == 0 ? 0 : place + 1;
          case GroupStart.Now _ -> -1;
        });
  }

  // ---- answering

  /** Answers once a future has completed, with what it is turned into, or with the refusal. */
  private static <T extends @Nullable Object, R> void answer(
      StreamObserver<R> observer, CompletableFuture<T> future, Function<T, R> toResponse) {
    ServerCallStreamObserver<R> caller = (ServerCallStreamObserver<R>) observer;
    caller.setOnCancelHandler(() -> {});
    var _ =
        future
            .thenApply(toResponse)
            .whenComplete(
                (response, failure) -> {
                  if (failure == null) {
                    caller.onNext(response);
                    caller.onCompleted();
                  } else {
                    Throwable cause =
                        failure instanceof CompletionException && failure.getCause() != null
                            ? failure.getCause()
                            : failure;
                    caller.onError(KurrentErrors.fault(cause));
                  }
                });
  }

  /** Ends the calls that would go on for ever and that nobody else ends. */
  void stop() {
    stopping = true;
    calls.all().forEach(GroupCall::stop);
  }
}
