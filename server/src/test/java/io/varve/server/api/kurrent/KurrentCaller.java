package io.varve.server.api.kurrent;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.FilterOptions;
import io.varve.proto.kurrent.Nothing;
import io.varve.proto.kurrent.RecordedEvent;
import io.varve.proto.kurrent.StreamIdentifier;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.UuidOption;
import io.varve.proto.kurrent.streams.AllOptions;
import io.varve.proto.kurrent.streams.AppendOptions;
import io.varve.proto.kurrent.streams.AppendRequest;
import io.varve.proto.kurrent.streams.AppendResponse;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.proto.kurrent.streams.ReadDirection;
import io.varve.proto.kurrent.streams.ReadEvent;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.proto.kurrent.streams.ReadRequest;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.proto.kurrent.streams.StreamOptions;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.proto.kurrent.streams.SubscriptionOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;

/** Speaks the protocol as its clients do. */
public final class KurrentCaller {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  static final Nothing NOTHING = Nothing.getDefaultInstance();

  private final Channel channel;

  public KurrentCaller(Channel channel) {
    this.channel = channel;
  }

  public StreamsGrpc.StreamsBlockingStub streams() {
    return StreamsGrpc.newBlockingStub(channel);
  }

  /** A stream that no other test writes to. */
  static String freshStream() {
    return "test" + UUID.randomUUID().toString().replace("-", "") + "-1";
  }

  public static StreamIdentifier named(String stream) {
    return StreamIdentifier.newBuilder().setStreamName(ByteString.copyFromUtf8(stream)).build();
  }

  // ---- appending

  static ProposedMessage.Builder event(String type) {
    return event(UUID.randomUUID(), type);
  }

  public static ProposedMessage.Builder event(UUID id, String type) {
    return ProposedMessage.newBuilder()
        .setId(Uuid.newBuilder().setString(id.toString()))
        .putMetadata("type", type)
        .putMetadata("content-type", "application/json")
        .setData(ByteString.copyFromUtf8("{\"is\":\"" + type + "\"}"));
  }

  public static AppendOptions.Builder any(String stream) {
    return AppendOptions.newBuilder().setStreamIdentifier(named(stream)).setAny(NOTHING);
  }

  static AppendOptions.Builder noStream(String stream) {
    return AppendOptions.newBuilder().setStreamIdentifier(named(stream)).setNoStream(NOTHING);
  }

  static AppendOptions.Builder exists(String stream) {
    return AppendOptions.newBuilder().setStreamIdentifier(named(stream)).setStreamExists(NOTHING);
  }

  public static AppendOptions.Builder at(String stream, long revision) {
    return AppendOptions.newBuilder().setStreamIdentifier(named(stream)).setRevision(revision);
  }

  public AppendResponse append(AppendOptions.Builder options, ProposedMessage.Builder... events) {
    Answers<AppendResponse> answers = new Answers<>();
    StreamObserver<AppendRequest> call = StreamsGrpc.newStub(channel).append(answers);
    call.onNext(AppendRequest.newBuilder().setOptions(options).build());
    for (ProposedMessage.Builder event : events) {
      call.onNext(AppendRequest.newBuilder().setProposedMessage(event).build());
    }
    call.onCompleted();
    Throwable end = answers.end();
    if (end instanceof StatusRuntimeException refused) {
      throw refused;
    }
    assertThat(end).isNull();
    return answers.received().getFirst();
  }

  /** Appends events of these types, and says at which revision the last of them is. */
  public long append(String stream, String... types) {
    List<ProposedMessage.Builder> events = new ArrayList<>();
    for (String type : types) {
      events.add(event(type));
    }
    return append(any(stream), events.toArray(ProposedMessage.Builder[]::new))
        .getSuccess()
        .getCurrentRevision();
  }

  // ---- reading

  public static ReadOptions.Builder forwards(String stream) {
    return ReadOptions.newBuilder()
        .setStream(StreamOptions.newBuilder().setStreamIdentifier(named(stream)).setStart(NOTHING))
        .setNoFilter(NOTHING)
        .setCount(-1)
        .setUuidOption(UuidOption.newBuilder().setString(NOTHING));
  }

  static ReadOptions.Builder backwards(String stream) {
    return forwards(stream)
        .setStream(StreamOptions.newBuilder().setStreamIdentifier(named(stream)).setEnd(NOTHING))
        .setReadDirection(ReadDirection.READ_DIRECTION_BACKWARDS);
  }

  public static ReadOptions.Builder all() {
    return forwards("x").setAll(AllOptions.newBuilder().setStart(NOTHING));
  }

  static ReadOptions.Builder allBackwards() {
    return forwards("x")
        .setAll(AllOptions.newBuilder().setEnd(NOTHING))
        .setReadDirection(ReadDirection.READ_DIRECTION_BACKWARDS);
  }

  static FilterOptions.Builder filter() {
    return FilterOptions.newBuilder().setMax(32).setCheckpointIntervalMultiplier(1);
  }

  public List<ReadResponse> read(ReadOptions.Builder options) {
    List<ReadResponse> all = new ArrayList<>();
    streams().read(ReadRequest.newBuilder().setOptions(options).build()).forEachRemaining(all::add);
    return all;
  }

  public List<ReadEvent> events(ReadOptions.Builder options) {
    return read(options).stream()
        .filter(ReadResponse::hasEvent)
        .map(ReadResponse::getEvent)
        .toList();
  }

  List<String> types(ReadOptions.Builder options) {
    return events(options).stream().map(event -> type(event.getEvent())).toList();
  }

  public static String type(RecordedEvent event) {
    return event.getMetadataOrThrow("type");
  }

  public static String stream(RecordedEvent event) {
    return event.getStreamIdentifier().getStreamName().toStringUtf8();
  }

  Following subscribe(ReadOptions.Builder options) {
    Following following = new Following();
    StreamsGrpc.newStub(channel)
        .read(
            ReadRequest.newBuilder()
                .setOptions(options.setSubscription(SubscriptionOptions.getDefaultInstance()))
                .build(),
            following);
    return following;
  }

  /** A subscription at this end. */
  static final class Following extends Answers<ReadResponse>
      implements ClientResponseObserver<ReadRequest, ReadResponse>, AutoCloseable {
    private volatile @Nullable ClientCallStreamObserver<ReadRequest> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<ReadRequest> started) {
      call = started;
    }

    <T> List<T> heard(
        Function<ReadResponse, Boolean> wanted, Function<ReadResponse, T> part, int count) {
      await()
          .atMost(PATIENCE)
          .until(() -> hasEnded() || received().stream().filter(wanted::apply).count() >= count);
      return received().stream().filter(wanted::apply).map(part).toList();
    }

    List<ReadEvent> events(int count) {
      return heard(ReadResponse::hasEvent, ReadResponse::getEvent, count);
    }

    List<String> types(int count) {
      return events(count).stream().map(event -> type(event.getEvent())).toList();
    }

    @Override
    public void close() {
      ClientCallStreamObserver<ReadRequest> started = call;
      if (started != null) {
        started.cancel("the test is over", null);
      }
    }
  }

  /** Takes in a call's answers. */
  static class Answers<T> implements StreamObserver<T> {
    private final List<T> received = new CopyOnWriteArrayList<>();
    private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

    @Override
    public void onNext(T answer) {
      received.add(answer);
    }

    @Override
    public void onError(Throwable error) {
      end.complete(error);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }

    List<T> received() {
      return List.copyOf(received);
    }

    boolean hasEnded() {
      return end.isDone();
    }

    /** Waits for the end; null when it was a good one. */
    @Nullable Throwable end() {
      return end.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
  }

  // ---- errors

  /** An error as clients see it. */
  record Refused(Status.Code code, String sentence, Metadata trailers) {
    static Refused from(ThrowingCallable call) {
      StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call);
      return from(requireNonNull(refused, "the call was not refused"));
    }

    static Refused from(@Nullable Throwable error) {
      assertThat(error).as("how the call ended").isInstanceOf(StatusRuntimeException.class);
      StatusRuntimeException refused = (StatusRuntimeException) requireNonNull(error);
      Metadata trailers = refused.getTrailers();
      return new Refused(
          refused.getStatus().getCode(),
          String.valueOf(refused.getStatus().getDescription()),
          trailers == null ? new Metadata() : trailers);
    }

    @Nullable String trailer(String name) {
      return trailers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
    }
  }
}
