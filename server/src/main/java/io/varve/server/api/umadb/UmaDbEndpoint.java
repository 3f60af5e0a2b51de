package io.varve.server.api.umadb;

import com.google.rpc.Status;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.varve.proto.umadb.v1.AppendRequest;
import io.varve.proto.umadb.v1.AppendResponse;
import io.varve.proto.umadb.v1.DCBGrpc;
import io.varve.proto.umadb.v1.HeadRequest;
import io.varve.proto.umadb.v1.HeadResponse;
import io.varve.proto.umadb.v1.ReadRequest;
import io.varve.proto.umadb.v1.ReadResponse;
import io.varve.proto.umadb.v1.SubscribeRequest;
import io.varve.proto.umadb.v1.SubscribeResponse;
import io.varve.proto.umadb.v1.TrackingRequest;
import io.varve.proto.umadb.v1.TrackingResponse;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.GuestProtocol;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.append.TransactCommand;
import io.varve.server.config.Limits;
import io.varve.server.event.Query;
import io.varve.server.read.EventReader;
import io.varve.server.read.LogRead;
import io.varve.server.storage.Head;
import io.varve.server.subscription.Subscription;
import io.varve.server.subscription.SubscriptionStart;
import io.varve.server.subscription.Subscriptions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * UmaDB's service {@code umadb.v1.DCB}: takes requests apart, calls the core, answers. Thread-safe.
 *
 * <p>Exceptions that leave a method become the call's status in the guard that stands around every
 * protocol, in the words of {@link #inItsWords}.
 */
public final class UmaDbEndpoint implements GuestProtocol {
  /** What the service was called before its first version; clients of then still say so. */
  private static final String OLD_NAME = "umadb.UmaDBService";

  private final CommitLog commitLog;
  private final EventReader reader;
  private final Subscriptions subscriptions;
  private final Head head;
  private final Executor executor;
  private final IntConsumer read;
  private final IntConsumer delivered;
  private final UmaDbRequests requests;

  /**
   * @param executor goes on with reads
   * @param clock tells the time at which commands are proposed
   * @param eventIds makes ids for events that come without one
   * @param read hears how many events reads have handed to the transport; called on any thread, and
   *     must be short
   * @param delivered the same of subscriptions
   */
  public UmaDbEndpoint(
      CommitLog commitLog,
      EventReader reader,
      Subscriptions subscriptions,
      Head head,
      Limits limits,
      Executor executor,
      InstantSource clock,
      Supplier<UUID> eventIds,
      IntConsumer read,
      IntConsumer delivered) {
    this.commitLog = commitLog;
    this.reader = reader;
    this.subscriptions = subscriptions;
    this.head = head;
    this.executor = executor;
    this.read = read;
    this.delivered = delivered;
    this.requests = new UmaDbRequests(limits, clock, eventIds);
  }

  // ---- as gRPC serves it

  @Override
  public List<ServerServiceDefinition> services() {
    ServerServiceDefinition service =
        ServerServiceDefinition.builder(DCBGrpc.getServiceDescriptor())
            .addMethod(DCBGrpc.getReadMethod(), streaming(this::read))
            .addMethod(DCBGrpc.getSubscribeMethod(), streaming(this::subscribe))
            .addMethod(DCBGrpc.getAppendMethod(), ServerCalls.asyncUnaryCall(this::append))
            .addMethod(DCBGrpc.getHeadMethod(), ServerCalls.asyncUnaryCall(this::head))
            .addMethod(
                DCBGrpc.getGetTrackingInfoMethod(), ServerCalls.asyncUnaryCall(this::trackingInfo))
            .build();
    return List.of(service, underItsOldName(service));
  }

  /** A method that answers with a stream. */
  private interface Streaming<Q, R> {
    /**
     * @param begin sends the call's headers
     */
    void answer(Q request, StreamObserver<R> observer, Runnable begin);
  }

  private static <Q, R> ServerCallHandler<Q, R> streaming(Streaming<Q, R> method) {
    return (call, headers) -> {
      EarlyHeadersCall<Q, R> early = new EarlyHeadersCall<>(call);
      return ServerCalls.<Q, R>asyncServerStreamingCall(
              (request, observer) -> method.answer(request, observer, early::begin))
          .startCall(early, headers);
    };
  }

  private static ServerServiceDefinition underItsOldName(ServerServiceDefinition service) {
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    // Not described by reflection: whoever looks is to find the name of today.
    ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(OLD_NAME);
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> old = underItsOldName(method);
      methods.add(old);
      descriptor.addMethod(old.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder renamed = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(renamed::addMethod);
    return renamed.build();
  }

  private static <Q, R> ServerMethodDefinition<Q, R> underItsOldName(
      ServerMethodDefinition<Q, R> method) {
    return ServerMethodDefinition.create(
        oldNameOf(method.getMethodDescriptor()), method.getServerCallHandler());
  }

  private static <Q, R> MethodDescriptor<Q, R> oldNameOf(MethodDescriptor<Q, R> method) {
    return method.toBuilder()
        .setFullMethodName(
            MethodDescriptor.generateFullMethodName(
                OLD_NAME, String.valueOf(method.getBareMethodName())))
        .setSchemaDescriptor(null)
        .build();
  }

  @Override
  public Set<String> openServices() {
    return Set.of();
  }

  @Override
  public Set<String> healthNames() {
    return Set.of(DCBGrpc.SERVICE_NAME);
  }

  @Override
  public Set<MethodDescriptor<?, ?>> readingMethods() {
    Set<MethodDescriptor<?, ?>> reading = new LinkedHashSet<>();
    reading.add(DCBGrpc.getReadMethod());
    reading.add(oldNameOf(DCBGrpc.getReadMethod()));
    return reading;
  }

  @Override
  public StatusRuntimeException inItsWords(Status status) {
    return UmaDbErrors.of(status);
  }

  // ---- append

  private void append(AppendRequest request, StreamObserver<AppendResponse> observer) {
    ServerCallStreamObserver<AppendResponse> caller =
        (ServerCallStreamObserver<AppendResponse>) observer;
    // With a handler in place, answering a caller that has gone does nothing instead of throwing.
    caller.setOnCancelHandler(() -> {});
    TransactCommand command = requests.toCommand(request);
    Caller calling = Caller.ofThisCall();
    if (Context.current().isCancelled()) {
      return;
    }
    commitLog.propose(
        command,
        outcome -> {
          if (outcome instanceof Outcome.Transacted done) {
            Outcome.Transacted.LastEvent last = done.last();
            caller.onNext(
                AppendResponse.newBuilder()
                    .setPosition(last == null ? 0 : last.position().value())
                    .build());
            caller.onCompleted();
          } else {
            caller.onError(UmaDbErrors.of(outcome, calling::mayRead));
          }
        });
  }

  private void trackingInfo(TrackingRequest request, StreamObserver<TrackingResponse> observer) {
    long position = reader.tracking(requests.trackingSource("source", request.getSource()));
    TrackingResponse.Builder response = TrackingResponse.newBuilder();
    if (position > 0) {
      response.setPosition(position);
    }
    answer(observer, response.build());
  }

  // ---- read

  private void read(ReadRequest request, StreamObserver<ReadResponse> observer, Runnable begin) {
    ServerCallStreamObserver<ReadResponse> caller =
        (ServerCallStreamObserver<ReadResponse>) observer;
    caller.setOnCancelHandler(() -> {});
    LogRead wanted = requests.toRead(request);
    begin.run(); // a read that finds little may look for long
    if (wanted == null) {
      if (!request.hasLimit()) {
        caller.onNext(headAlone());
      }
      caller.onCompleted();
      return;
    }
    new UmaDbReadCall(
            caller,
            reader.readLog(wanted),
            request.hasLimit(),
            UmaDbRequests.batchSize(request.hasBatchSize(), request.getBatchSize()),
            executor,
            read)
        .start();
  }

  private ReadResponse headAlone() {
    long position = head.position();
    ReadResponse.Builder response = ReadResponse.newBuilder();
    return position > 0 ? response.setHead(position).build() : response.build();
  }

  private void head(HeadRequest request, StreamObserver<HeadResponse> observer) {
    long position = head.position();
    HeadResponse.Builder response = HeadResponse.newBuilder();
    answer(observer, position > 0 ? response.setPosition(position).build() : response.build());
  }

  // ---- subscribe

  private void subscribe(
      SubscribeRequest request, StreamObserver<SubscribeResponse> observer, Runnable begin) {
    ServerCallStreamObserver<SubscribeResponse> caller =
        (ServerCallStreamObserver<SubscribeResponse>) observer;
    Query query = requests.query(request);
    SubscriptionStart start = requests.start(request);
    int batchSize = UmaDbRequests.batchSize(request.hasBatchSize(), request.getBatchSize());
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
    caller.setOnCancelHandler(close);
    open.set(
        subscriptions.toLog(
            query, start, new UmaDbSubscriptionCall(caller, begin, batchSize, delivered)));
    if (caller.isCancelled()) {
      close.run(); // it went while this one was being opened
    }
    signal.run();
  }

  private static <R> void answer(StreamObserver<R> observer, R answer) {
    // With a handler in place, answering a caller that has gone does nothing instead of throwing.
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    observer.onNext(answer);
    observer.onCompleted();
  }
}
