package io.varve.server.api.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetTrackingRequest;
import io.varve.proto.v1.GetTrackingResponse;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import io.varve.server.append.CommitLog;
import io.varve.server.config.Limits;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.ops.TrafficListener;
import io.varve.server.read.EventReader;
import io.varve.server.read.LogRead;
import io.varve.server.read.StreamLookUp;
import io.varve.server.read.StreamRead;
import io.varve.server.read.StreamView;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.snapshot.VersionRange;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.Head;
import io.varve.server.storage.NotAtHandException;
import io.varve.server.subscription.Subscription;
import io.varve.server.subscription.SubscriptionStart;
import io.varve.server.subscription.Subscriptions;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The service {@code varve.v1.EventStore}: takes requests apart, calls the core, answers.
 * Thread-safe.
 *
 * <p>Exceptions that leave a method become the call's status in {@link RequestGuard}.
 */
public final class EventStoreEndpoint {
  private final CommitLog commitLog;
  private final EventReader reader;
  private final SnapshotStore snapshots;
  private final Subscriptions subscriptions;
  private final Head head;
  private final Executor executor;
  private final InstantSource clock;
  private final TrafficListener traffic;
  private final AppendRequests appendRequests;
  private final ReadRequests readRequests;
  private final Checks checks;
  private final Set<AppendPipelineCall> pipelines = ConcurrentHashMap.newKeySet();
  private final Set<Wait> waits = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /**
   * @param executor runs what waited for a position, and reads that have to wait for the disk
   * @param clock tells the time at which commands are proposed
   * @param eventIds makes ids for events that come without one
   * @param traffic hears how many events have been handed to the transport
   */
  public EventStoreEndpoint(
      CommitLog commitLog,
      EventReader reader,
      SnapshotStore snapshots,
      Subscriptions subscriptions,
      Head head,
      Limits limits,
      Executor executor,
      InstantSource clock,
      Supplier<UUID> eventIds,
      TrafficListener traffic) {
    this.commitLog = commitLog;
    this.reader = reader;
    this.snapshots = snapshots;
    this.subscriptions = subscriptions;
    this.head = head;
    this.executor = executor;
    this.clock = clock;
    this.traffic = traffic;
    this.checks = new Checks(limits);
    this.appendRequests = new AppendRequests(checks, clock, eventIds);
    this.readRequests = new ReadRequests(checks);
  }

  /**
   * The service as gRPC serves it; those of its responses that carry events are sent as they are
   * stored.
   */
  ServerServiceDefinition service() {
    MethodDescriptor<AppendRequest, AppendResponse> append = EventStoreGrpc.getAppendMethod();
    MethodDescriptor<AppendPipelineRequest, AppendPipelineResponse> pipeline =
        EventStoreGrpc.getAppendPipelineMethod();
    MethodDescriptor<TransactRequest, TransactResponse> transact =
        EventStoreGrpc.getTransactMethod();
    var readStream = EncodedResponse.answering(EventStoreGrpc.getReadStreamMethod());
    var readLog = EncodedResponse.answering(EventStoreGrpc.getReadLogMethod());
    var toStream = EncodedResponse.answering(EventStoreGrpc.getSubscribeToStreamMethod());
    var toLog = EncodedResponse.answering(EventStoreGrpc.getSubscribeToLogMethod());
    var getEvent = EncodedResponse.answering(EventStoreGrpc.getGetEventMethod());
    MethodDescriptor<GetTrackingRequest, GetTrackingResponse> getTracking =
        EventStoreGrpc.getGetTrackingMethod();
    ServiceDescriptor original = EventStoreGrpc.getServiceDescriptor();
    ServiceDescriptor descriptor =
        ServiceDescriptor.newBuilder(original.getName())
            .setSchemaDescriptor(original.getSchemaDescriptor())
            .addMethod(append)
            .addMethod(transact)
            .addMethod(pipeline)
            .addMethod(readStream)
            .addMethod(readLog)
            .addMethod(toStream)
            .addMethod(toLog)
            .addMethod(getEvent)
            .addMethod(getTracking)
            .build();
    return ServerServiceDefinition.builder(descriptor)
        .addMethod(append, ServerCalls.asyncUnaryCall(this::append))
        .addMethod(transact, ServerCalls.asyncUnaryCall(this::transact))
        .addMethod(pipeline, ServerCalls.asyncBidiStreamingCall(this::appendPipeline))
        .addMethod(readStream, ServerCalls.asyncServerStreamingCall(this::readStream))
        .addMethod(readLog, ServerCalls.asyncServerStreamingCall(this::readLog))
        .addMethod(toStream, ServerCalls.asyncServerStreamingCall(this::subscribeToStream))
        .addMethod(toLog, ServerCalls.asyncServerStreamingCall(this::subscribeToLog))
        .addMethod(getEvent, ServerCalls.asyncUnaryCall(this::getEvent))
        .addMethod(getTracking, ServerCalls.asyncUnaryCall(this::getTracking))
        .build();
  }

  // ---- append

  private void append(AppendRequest request, StreamObserver<AppendResponse> observer) {
    new CommitCall<>(observer)
        .propose(commitLog, appendRequests.toCommand(request), AppendResponses::of);
  }

  private void transact(TransactRequest request, StreamObserver<TransactResponse> observer) {
    new CommitCall<>(observer)
        .propose(commitLog, appendRequests.toCommand(request), AppendResponses::ofTransaction);
  }

  private StreamObserver<AppendPipelineRequest> appendPipeline(
      StreamObserver<AppendPipelineResponse> observer) {
    ServerCallStreamObserver<AppendPipelineResponse> caller =
        (ServerCallStreamObserver<AppendPipelineResponse>) observer;
    AppendPipelineCall call = new AppendPipelineCall(caller, appendRequests, commitLog);
    pipelines.add(call);
    caller.setOnCancelHandler(() -> pipelines.remove(call));
    caller.setOnCloseHandler(() -> pipelines.remove(call));
    call.start();
    if (stopping) {
      call.stop();
    }
    return call;
  }

  private void getTracking(
      GetTrackingRequest request, StreamObserver<GetTrackingResponse> observer) {
    long position = reader.tracking(checks.trackingSource("source", request.getSource()));
    GetTrackingResponse.Builder response = GetTrackingResponse.newBuilder();
    if (position > 0) {
      response.setPosition(position);
    }
    observer.onNext(response.build());
    observer.onCompleted();
  }

  // ---- read

  private void readStream(ReadStreamRequest request, StreamObserver<EncodedResponse> observer) {
    StreamRead read = readRequests.toRead(request);
    boolean fromSnapshot = request.getFromSnapshot();
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    ServerCallStreamObserver<EncodedResponse> caller =
        (ServerCallStreamObserver<EncodedResponse>) observer;
    ReadCall call = new ReadCall(caller, json, executor, executor, traffic::read);
    Runnable begin =
        () -> {
          StreamView view = StreamLookUps.found(reader.viewOf(read), read.stream(), 0);
          Snapshot snapshot = fromSnapshot ? newestSnapshot(read.stream(), view) : null;
          if (fromSnapshot) {
            refuseGap(read.stream(), view, snapshot);
          }
          if (snapshot == null) {
            call.start(
                StreamLookUps.found(
                    reader.readStream(view, read.fromVersion(), read.backwards(), read.limit()),
                    read.stream(),
                    read.fromVersion()));
          } else {
            call.start(
                StreamLookUps.found(
                    reader.readStream(view, snapshot.version() + 1, false, read.limit()),
                    read.stream(),
                    snapshot.version() + 1),
                SnapshotMessages.firstPage(snapshot, json));
          }
        };
    onceReached(
        request.getNotBeforePosition(),
        caller,
        () -> {
          if (isShort(request)) {
            atHand(caller, begin);
          } else {
            later(caller, begin);
          }
        });
  }

  /** Whether the first page of a read costs no more than to find and to copy it. */
  private static boolean isShort(ReadStreamRequest request) {
    return !request.getFromSnapshot()
        && !request.hasAsOf()
        && !request.getSkipArchived()
        && !ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
  }

  /**
   * Runs a read on this thread, which may be the connection's, if all that it needs is in memory;
   * else on the executor. What it does before it throws has no effect.
   */
  private void atHand(ServerCallStreamObserver<?> caller, Runnable read) {
    try {
      reader.atHand(read);
    } catch (NotAtHandException e) {
      later(caller, read);
    }
  }

  private void later(ServerCallStreamObserver<?> caller, Runnable action) {
    executor.execute(() -> guarded(caller, action));
  }

  /** For where nobody else turns a failure into the call's status. */
  private static void guarded(ServerCallStreamObserver<?> caller, Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      caller.onError(Errors.exception(Errors.fault(e)));
    }
  }

  /** A state with events left out would be a wrong one. */
  private static void refuseGap(StreamId stream, StreamView view, @Nullable Snapshot snapshot) {
    long needed = snapshot == null ? view.firstKept() : snapshot.version() + 1;
    if (needed < view.firstRead() && needed <= view.last()) {
      throw Errors.archivedIsNeeded(stream.value(), needed, view.firstRead());
    }
  }

  private @Nullable Snapshot newestSnapshot(StreamId stream, StreamView view) {
    return snapshots.newest(
        stream, VersionRange.counting(view.firstKept(), view.deletedThrough(), view.last()));
  }

  private void readLog(ReadLogRequest request, StreamObserver<EncodedResponse> observer) {
    LogRead read = readRequests.toRead(request);
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    ServerCallStreamObserver<EncodedResponse> caller =
        (ServerCallStreamObserver<EncodedResponse>) observer;
    ReadCall call = new ReadCall(caller, json, executor, Runnable::run, traffic::read);
    onceReached(request.getNotBeforePosition(), caller, () -> call.start(reader.readLog(read)));
  }

  private void getEvent(GetEventRequest request, StreamObserver<EncodedResponse> observer) {
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    Supplier<EncodedEvent> lookUp = lookUp(request);
    Caller reading = Caller.ofThisCall();
    ServerCallStreamObserver<EncodedResponse> caller =
        (ServerCallStreamObserver<EncodedResponse>) observer;
    onceReached(
        request.getNotBeforePosition(),
        caller,
        () -> {
          EncodedEvent event = lookUp.get();
          if (!reading.mayRead(event.summary().stream().value())) {
            throw missing(request); // as if it were not there
          }
          EventPage page = EventPage.of(event.toRun());
          // GetEventResponse has its event in field 1, as every page has.
          caller.onNext(PayloadViews.frames(page, json));
          traffic.read(page.count());
          caller.onCompleted();
        });
  }

  private static Refusal missing(GetEventRequest request) {
    return switch (request.getByCase()) {
      case ID ->
          Errors.eventNotFound(
              "with id " + request.getId(),
              Map.of("event_id", Checks.uuid("id", request.getId()).toString()));
      case POSITION ->
          Errors.eventNotFound(
              "at position " + request.getPosition(),
              Map.of("position", Long.toString(request.getPosition())));
      case STREAM_VERSION ->
          Errors.permissionDenied("read", request.getStreamVersion().getStream());
      case BY_NOT_SET -> Errors.invalid("by", "must be set");
    };
  }

  /** How the event asked for is found; the look-up throws when there is none. */
  private Supplier<EncodedEvent> lookUp(GetEventRequest request) {
    return switch (request.getByCase()) {
      case ID -> {
        UUID id = Checks.uuid("id", request.getId());
        yield () -> {
          EncodedEvent event = reader.eventWith(id);
          if (event == null) {
            throw Errors.eventNotFound("with id " + id, Map.of("event_id", id.toString()));
          }
          return event;
        };
      }
      case POSITION -> {
        long position = Checks.placeOfEvent("position", request.getPosition());
        yield () -> {
          EncodedEvent event = reader.eventAt(position);
          if (event == null) {
            throw Errors.eventNotFound(
                "at position " + position, Map.of("position", Long.toString(position)));
          }
          return event;
        };
      }
      case STREAM_VERSION -> {
        StreamId stream =
            checks.stream("stream_version.stream", request.getStreamVersion().getStream());
        long version =
            Checks.placeOfEvent("stream_version.version", request.getStreamVersion().getVersion());
        yield () -> {
          StreamLookUp<EncodedEvent> event = reader.eventOf(stream, version);
          if (event instanceof StreamLookUp.NotFound) {
            throw Errors.eventNotFound(
                "with version " + version + " in stream " + stream,
                Map.of("stream", stream.value(), "version", Long.toString(version)));
          }
          return StreamLookUps.found(event, stream, version);
        };
      }
      case BY_NOT_SET -> throw Errors.invalid("by", "must be set: id, position or stream_version");
    };
  }

  // ---- subscribe

  private void subscribeToStream(
      SubscribeToStreamRequest request, StreamObserver<EncodedResponse> observer) {
    StreamId stream = checks.stream("stream", request.getStream());
    SubscriptionStart start = readRequests.start(request);
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    ServerCallStreamObserver<EncodedResponse> caller =
        (ServerCallStreamObserver<EncodedResponse>) observer;
    SubscriptionCall subscriber =
        new SubscriptionCall(caller, true, json, clock, traffic::delivered);
    subscribe(
        request.getNotBeforePosition(),
        caller,
        open -> {
          if (reader.viewOf(stream, null) instanceof StreamLookUp.Tombstoned) {
            throw new Refusal(Errors.streamTombstoned(stream.value()));
          }
          return open.toStream(stream, start, request.getSkipArchived(), subscriber);
        });
  }

  private void subscribeToLog(
      SubscribeToLogRequest request, StreamObserver<EncodedResponse> observer) {
    Query query = Caller.ofThisCall().visible(checks.query("query", request.getQuery()));
    SubscriptionStart start = readRequests.start(request);
    boolean json = ReadRequests.wantsJson(request.getPayloadView(), request.getPayloadViewValue());
    ServerCallStreamObserver<EncodedResponse> caller =
        (ServerCallStreamObserver<EncodedResponse>) observer;
    SubscriptionCall subscriber =
        new SubscriptionCall(caller, false, json, clock, traffic::delivered);
    subscribe(
        request.getNotBeforePosition(),
        caller,
        open -> open.toLog(query, start, request.getSkipArchived(), subscriber));
  }

  private void subscribe(
      long notBefore,
      ServerCallStreamObserver<EncodedResponse> caller,
      Function<Subscriptions, Subscription> opening) {
    AtomicReference<@Nullable Subscription> open = new AtomicReference<>();
    Runnable signal =
        () -> {
          Subscription subscription = open.get();
          if (subscription != null) {
            subscription.signal();
          }
        };
    Runnable close =
        () -> {
          Subscription subscription = open.getAndSet(null);
          if (subscription != null) {
            subscriptions.close(subscription);
          }
        };
    caller.setOnReadyHandler(signal);
    caller.setOnCloseHandler(close);
    onceReached(
        notBefore,
        caller,
        () -> {
          open.set(opening.apply(subscriptions));
          if (caller.isCancelled()) {
            close.run(); // it went while this one was being opened
          }
          signal.run();
        },
        close);
  }

  // ---- waiting

  private void onceReached(long notBefore, ServerCallStreamObserver<?> caller, Runnable action) {
    onceReached(notBefore, caller, action, () -> {});
  }

  /**
   * Runs the action once the head has reached a position: at once if it has, else on the executor.
   * A caller that goes away, or whose deadline passes, takes the wait back and runs {@code
   * cancelled}.
   */
  private void onceReached(
      long notBefore, ServerCallStreamObserver<?> caller, Runnable action, Runnable cancelled) {
    long awaited = Checks.place("not_before_position", notBefore);
    if (awaited <= head.position()) {
      caller.setOnCancelHandler(cancelled);
      action.run();
      return;
    }
    Wait wait = new Wait(caller, action);
    waits.add(wait); // first, for the position may be reached before the next line is done
    wait.takeBack = head.whenReached(awaited, () -> executor.execute(wait::begin));
    caller.setOnCancelHandler( // perhaps on the connection's thread, and there may be many to end
        () ->
            executor.execute(
                () -> {
                  wait.end();
                  cancelled.run();
                }));
    if (stopping) {
      wait.stop();
    }
  }

  /**
   * A call that waits for a position. What comes first ends the wait: the position, the caller's
   * leaving, or the server's stop.
   */
  private final class Wait {
    private final ServerCallStreamObserver<?> caller;
    private final Runnable action;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile Runnable takeBack = () -> {};

    Wait(ServerCallStreamObserver<?> caller, Runnable action) {
      this.caller = caller;
      this.action = action;
    }

    void begin() {
      if (end()) {
        guarded(caller, action);
      }
    }

    void stop() {
      if (end()) {
        caller.onError(Errors.exception(Errors.stopping()));
      }
    }

    /** Ends the wait; says whether it had not ended before. */
    boolean end() {
      waits.remove(this);
      takeBack.run();
      return !over.getAndSet(true);
    }
  }

  // ---- stopping

  /**
   * Ends the calls that would go on for ever: pipelines once what is in flight has been answered,
   * subscriptions and calls that wait for a position now.
   */
  void stop() {
    stopping = true;
    pipelines.forEach(AppendPipelineCall::stop);
    waits.forEach(Wait::stop);
    subscriptions.close();
  }
}
