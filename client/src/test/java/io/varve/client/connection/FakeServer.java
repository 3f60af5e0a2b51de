package io.varve.client.connection;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.client.streams.NewEvent;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.ConsumeConfirmed;
import io.varve.proto.v1.ConsumeRequest;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupInfo;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupsCreateRequest;
import io.varve.proto.v1.ConsumerGroupsCreateResponse;
import io.varve.proto.v1.ConsumerGroupsGetRequest;
import io.varve.proto.v1.ConsumerGroupsGetResponse;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.Delivery;
import io.varve.proto.v1.EventBatch;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetEventResponse;
import io.varve.proto.v1.ListStreamsRequest;
import io.varve.proto.v1.ListStreamsResponse;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.StreamsDeleteRequest;
import io.varve.proto.v1.StreamsDeleteResponse;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.proto.v1.SubscriptionConfirmed;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * A server in this process that does what a test's script says, call by call, and keeps what it was
 * asked.
 */
final class FakeServer extends EventStoreGrpc.EventStoreImplBase {

  /**
   * What one call of the pipeline does with each append; {@code number} counts the appends of the
   * call from 1.
   */
  interface PipelineScript {
    void onAppend(
        int number, AppendPipelineRequest request, StreamObserver<AppendPipelineResponse> answers);
  }

  interface Script<A, B> {
    void onCall(A request, ServerCallStreamObserver<B> answers);
  }

  interface LogScript extends Script<SubscribeToLogRequest, SubscribeToLogResponse> {}

  interface StreamScript extends Script<SubscribeToStreamRequest, SubscribeToStreamResponse> {}

  /** For what is not to be waited out: longer than a busy machine takes over it. */
  private static final Duration LONG = Duration.ofSeconds(60);

  private final String name = InProcessServerBuilder.generateName();
  private Server server;

  /** The requests of each pipeline call. */
  final List<List<AppendPipelineRequest>> pipelines = new CopyOnWriteArrayList<>();

  final List<SubscribeToLogRequest> logSubscriptions = new CopyOnWriteArrayList<>();
  final List<SubscribeToStreamRequest> streamSubscriptions = new CopyOnWriteArrayList<>();

  /** Scripts for the first, second … call; the last one serves all further calls. */
  private volatile List<PipelineScript> pipelineScripts = List.of();

  private volatile List<LogScript> logScripts = List.of();
  private volatile List<StreamScript> streamScripts = List.of();
  volatile Script<ReadStreamRequest, ReadStreamResponse> readStream = (request, answers) -> {};
  volatile Script<ReadLogRequest, ReadLogResponse> readLog = (request, answers) -> {};
  volatile Script<GetEventRequest, GetEventResponse> getEvent = (request, answers) -> {};

  interface TransactScript extends Script<TransactRequest, TransactResponse> {}

  interface DeleteScript extends Script<StreamsDeleteRequest, StreamsDeleteResponse> {}

  final List<TransactRequest> transactions = new CopyOnWriteArrayList<>();
  final List<StreamsDeleteRequest> deletes = new CopyOnWriteArrayList<>();
  final List<ListStreamsRequest> lists = new CopyOnWriteArrayList<>();
  private volatile List<TransactScript> transactScripts = List.of();
  private volatile List<DeleteScript> deleteScripts = List.of();
  volatile Script<ListStreamsRequest, ListStreamsResponse> listStreams = (request, answers) -> {};

  FakeServer() {
    start();
  }

  void start() {
    try {
      server =
          InProcessServerBuilder.forName(name)
              .addService(this)
              .addService(new Streams())
              .addService(new Groups())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void stop() throws InterruptedException {
    server.shutdownNow().awaitTermination();
  }

  void pipelines(PipelineScript... scripts) {
    pipelineScripts = List.of(scripts);
  }

  void logSubscriptions(LogScript... scripts) {
    logScripts = List.of(scripts);
  }

  void streamSubscriptions(StreamScript... scripts) {
    streamScripts = List.of(scripts);
  }

  /** Settings that retry fast, and wait this long for what else a store answers. */
  static ConnectionSettings waiting(Duration deadline) {
    return settings(deadline, LONG, LONG, 1_000);
  }

  /** Settings that retry fast. */
  static ConnectionSettings settings(Duration retryFor, Duration silence, int maxAppendsInFlight) {
    return settings(LONG, retryFor, silence, maxAppendsInFlight);
  }

  private static ConnectionSettings settings(
      Duration deadline, Duration retryFor, Duration silence, int maxAppendsInFlight) {
    Backoff backoff = new Backoff(Duration.ofMillis(2), Duration.ofMillis(20), new Random(42));
    return new ConnectionSettings(
        deadline,
        retryFor,
        Duration.ofSeconds(30),
        silence,
        maxAppendsInFlight,
        1 << 20,
        backoff,
        backoff);
  }

  GrpcEventStore client() {
    return client(waiting(LONG));
  }

  GrpcEventStore client(ConnectionSettings settings) {
    ExecutorService calls = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());
    return new GrpcEventStore(
        InProcessChannelBuilder.forName(name).executor(calls).build(),
        "fake:1",
        settings,
        calls,
        Runnable::run);
  }

  @Override
  public StreamObserver<AppendPipelineRequest> appendPipeline(
      StreamObserver<AppendPipelineResponse> answers) {
    List<AppendPipelineRequest> requests = new CopyOnWriteArrayList<>();
    pipelines.add(requests);
    PipelineScript script = nth(pipelineScripts, pipelines.size());
    return new StreamObserver<>() {
      @Override
      public void onNext(AppendPipelineRequest request) {
        requests.add(request);
        script.onAppend(requests.size(), request, answers);
      }

      @Override
      public void onError(Throwable cause) {}

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  void transactions(TransactScript... scripts) {
    transactScripts = List.of(scripts);
  }

  void deletes(DeleteScript... scripts) {
    deleteScripts = List.of(scripts);
  }

  @Override
  public void transact(TransactRequest request, StreamObserver<TransactResponse> answers) {
    transactions.add(request);
    nth(transactScripts, transactions.size())
        .onCall(request, (ServerCallStreamObserver<TransactResponse>) answers);
  }

  private final class Streams extends StreamsGrpc.StreamsImplBase {
    @Override
    public void delete(
        StreamsDeleteRequest request, StreamObserver<StreamsDeleteResponse> answers) {
      deletes.add(request);
      nth(deleteScripts, deletes.size())
          .onCall(request, (ServerCallStreamObserver<StreamsDeleteResponse>) answers);
    }

    @Override
    public void listStreams(
        ListStreamsRequest request, StreamObserver<ListStreamsResponse> answers) {
      lists.add(request);
      listStreams.onCall(request, (ServerCallStreamObserver<ListStreamsResponse>) answers);
    }
  }

  /** What one call of Consume does with each message; {@code number} counts them from 1. */
  interface ConsumeScript {
    void onMessage(
        int number, ConsumeRequest request, ServerCallStreamObserver<ConsumeResponse> answers);
  }

  /** The messages of each call of Consume; a half-close is an empty one. */
  final List<List<ConsumeRequest>> consumers = new CopyOnWriteArrayList<>();

  final List<ConsumerGroupsCreateRequest> creates = new CopyOnWriteArrayList<>();
  final List<ConsumerGroupsGetRequest> gets = new CopyOnWriteArrayList<>();
  private volatile List<ConsumeScript> consumeScripts = List.of();

  interface CreateScript
      extends Script<ConsumerGroupsCreateRequest, ConsumerGroupsCreateResponse> {}

  private volatile List<CreateScript> createScripts = List.of();
  volatile Script<ConsumerGroupsGetRequest, ConsumerGroupsGetResponse> getGroup =
      (request, answers) -> {
        answers.onNext(groupCreatedAt(1));
        answers.onCompleted();
      };

  /** What is done with a call of Consume before anything is said on it. */
  volatile Consumer<ServerCallStreamObserver<ConsumeResponse>> onConsume = answers -> {};

  /** Whether consumers that leave are not heard. */
  volatile boolean ignoreHalfClose;

  void consumers(ConsumeScript... scripts) {
    consumeScripts = List.of(scripts);
  }

  void creates(CreateScript... scripts) {
    createScripts = List.of(scripts);
  }

  private final class Groups extends ConsumerGroupsGrpc.ConsumerGroupsImplBase {
    @Override
    public void create(
        ConsumerGroupsCreateRequest request, StreamObserver<ConsumerGroupsCreateResponse> answers) {
      creates.add(request);
      nth(createScripts, creates.size())
          .onCall(request, (ServerCallStreamObserver<ConsumerGroupsCreateResponse>) answers);
    }

    @Override
    public void get(
        ConsumerGroupsGetRequest request, StreamObserver<ConsumerGroupsGetResponse> answers) {
      gets.add(request);
      getGroup.onCall(request, (ServerCallStreamObserver<ConsumerGroupsGetResponse>) answers);
    }

    @Override
    public StreamObserver<ConsumeRequest> consume(StreamObserver<ConsumeResponse> answers) {
      List<ConsumeRequest> messages = new CopyOnWriteArrayList<>();
      consumers.add(messages);
      onConsume.accept((ServerCallStreamObserver<ConsumeResponse>) answers);
      ConsumeScript script = nth(consumeScripts, consumers.size());
      return new StreamObserver<>() {
        @Override
        public void onNext(ConsumeRequest message) {
          messages.add(message);
          script.onMessage(
              messages.size(), message, (ServerCallStreamObserver<ConsumeResponse>) answers);
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {
          messages.add(ConsumeRequest.getDefaultInstance());
          if (!ignoreHalfClose) {
            answers.onCompleted();
          }
        }
      };
    }
  }

  @Override
  public void subscribeToLog(
      SubscribeToLogRequest request, StreamObserver<SubscribeToLogResponse> answers) {
    logSubscriptions.add(request);
    nth(logScripts, logSubscriptions.size())
        .onCall(request, (ServerCallStreamObserver<SubscribeToLogResponse>) answers);
  }

  @Override
  public void subscribeToStream(
      SubscribeToStreamRequest request, StreamObserver<SubscribeToStreamResponse> answers) {
    streamSubscriptions.add(request);
    nth(streamScripts, streamSubscriptions.size())
        .onCall(request, (ServerCallStreamObserver<SubscribeToStreamResponse>) answers);
  }

  private static <T> T nth(List<T> scripts, int call) {
    return scripts.get(Math.min(call, scripts.size()) - 1);
  }

  @Override
  public void readStream(ReadStreamRequest request, StreamObserver<ReadStreamResponse> answers) {
    readStream.onCall(request, (ServerCallStreamObserver<ReadStreamResponse>) answers);
  }

  @Override
  public void readLog(ReadLogRequest request, StreamObserver<ReadLogResponse> answers) {
    readLog.onCall(request, (ServerCallStreamObserver<ReadLogResponse>) answers);
  }

  @Override
  public void getEvent(GetEventRequest request, StreamObserver<GetEventResponse> answers) {
    getEvent.onCall(request, (ServerCallStreamObserver<GetEventResponse>) answers);
  }

  void close() throws InterruptedException {
    stop();
  }

  // ---- what servers say

  static AppendPipelineResponse appended(AppendPipelineRequest request, long version) {
    return AppendPipelineResponse.newBuilder()
        .setRequestId(request.getRequestId())
        .setAppended(AppendResponse.newBuilder().setVersion(version).setPosition(version))
        .build();
  }

  static AppendPipelineResponse refused(AppendPipelineRequest request, Status status) {
    return AppendPipelineResponse.newBuilder()
        .setRequestId(request.getRequestId())
        .setRefused(status)
        .build();
  }

  /** A status as Varve's servers make it. */
  static Status status(io.grpc.Status.Code code, String reason, Message... details) {
    Status.Builder status =
        Status.newBuilder().setCode(code.value()).setMessage("because " + reason);
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain("varve.io")
            .setReason(reason)
            .putMetadata("stream", "account-42")
            .putMetadata("source", "payments")
            .putMetadata("position", "7")
            .putMetadata("first", "5")
            .putMetadata("group", "mails")
            .putMetadata("consumer", "mailer-1")
            .build();
    status.addDetails(Any.pack(info));
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return status.build();
  }

  static StatusRuntimeException error(io.grpc.Status.Code code, String reason, Message... details) {
    return StatusProto.toStatusRuntimeException(status(code, reason, details));
  }

  static StatusRuntimeException lost() {
    return io.grpc.Status.UNAVAILABLE.withDescription("the link broke").asRuntimeException();
  }

  static RecordedEvent recorded(long place) {
    return RecordedEvent.newBuilder()
        .setStream("account-42")
        .setVersion(place)
        .setPosition(place)
        .setId(NewEvent.builder("Happened").build().id().toString())
        .setType("Happened")
        .build();
  }

  static EventBatch batch(long first, long last) {
    EventBatch.Builder batch = EventBatch.newBuilder();
    for (long place = first; place <= last; place++) {
      batch.addEvents(recorded(place));
    }
    return batch.build();
  }

  static SubscribeToLogResponse logConfirmed(long after) {
    return SubscribeToLogResponse.newBuilder()
        .setConfirmed(
            SubscriptionConfirmed.newBuilder().setSubscriptionId("s").setAfterPosition(after))
        .build();
  }

  static SubscribeToLogResponse logEvents(long first, long last) {
    return SubscribeToLogResponse.newBuilder().setEvents(batch(first, last)).build();
  }

  static SubscribeToStreamResponse streamConfirmed(long after) {
    return SubscribeToStreamResponse.newBuilder()
        .setConfirmed(
            SubscriptionConfirmed.newBuilder().setSubscriptionId("s").setAfterVersion(after))
        .build();
  }

  static SubscribeToStreamResponse streamEvents(long first, long last) {
    return SubscribeToStreamResponse.newBuilder().setEvents(batch(first, last)).build();
  }

  static ConsumerGroupsGetResponse groupCreatedAt(long second) {
    return ConsumerGroupsGetResponse.newBuilder()
        .setGroup(
            ConsumerGroupInfo.newBuilder()
                .setGroup(ConsumerGroup.newBuilder().setName("mails").setStream("account-42"))
                .setCreatedAt(Timestamp.newBuilder().setSeconds(second)))
        .build();
  }

  static ConsumeResponse joined() {
    return ConsumeResponse.newBuilder()
        .setConfirmed(
            ConsumeConfirmed.newBuilder()
                .setSubscriptionId("mails-1")
                .setSettings(
                    ConsumerGroupSettings.newBuilder()
                        .setAckTimeout(com.google.protobuf.Duration.newBuilder().setSeconds(30))
                        .setMaxRetries(3)))
        .build();
  }

  static ConsumeResponse delivery(int retryCount, long... places) {
    Delivery.Builder delivery = Delivery.newBuilder();
    for (long place : places) {
      delivery.addEvents(
          DeliveredEvent.newBuilder().setEvent(recorded(place)).setRetryCount(retryCount));
    }
    return ConsumeResponse.newBuilder().setDelivery(delivery).build();
  }
}
