package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.stub.MetadataUtils;
import io.varve.proto.v1.AccessGrpc;
import io.varve.proto.v1.AdminGrpc;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.ConsumerGroupsGrpc;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.server.RunningServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that no generated stub would send: the caller is told what is wrong, the server's own
 * faults are never blamed, and other callers notice nothing.
 */
class HostileRequestTest {
  private static final Metadata.Key<String> STORE =
      Metadata.Key.of("varve-store", Metadata.ASCII_STRING_MARSHALLER);

  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());

  @AfterEach
  void others_are_served_as_before() {
    String stream = freshStream();
    assertThat(store.append(append(stream, event("A"))).getVersion()).isEqualTo(1);
  }

  static Stream<MethodDescriptor<?, ?>> servedMethods() {
    List<MethodDescriptor<?, ?>> methods = new ArrayList<>();
    methods.addAll(EventStoreGrpc.getServiceDescriptor().getMethods());
    methods.addAll(StreamsGrpc.getServiceDescriptor().getMethods());
    methods.addAll(SnapshotsGrpc.getServiceDescriptor().getMethods());
    methods.addAll(ConsumerGroupsGrpc.getServiceDescriptor().getMethods());
    methods.addAll(AdminGrpc.getServiceDescriptor().getMethods());
    methods.addAll(AccessGrpc.getServiceDescriptor().getMethods());
    return methods.stream();
  }

  static Stream<MethodDescriptor<?, ?>> methodsOfOthers() {
    return Stream.of(
        HealthGrpc.getCheckMethod(),
        HealthGrpc.getWatchMethod(),
        ServerReflectionGrpc.getServerReflectionInfoMethod());
  }

  static Stream<MethodDescriptor<?, ?>> allMethods() {
    return Stream.concat(servedMethods(), methodsOfOthers());
  }

  static Stream<MethodDescriptor<?, ?>> methodsWithOneRequest() {
    return servedMethods().filter(method -> method.getType() != MethodType.BIDI_STREAMING);
  }

  // ---- bytes that are no request

  @ParameterizedTest
  @MethodSource("allMethods")
  void bytes_that_are_no_message_are_an_invalid_request(MethodDescriptor<?, ?> method)
      throws Exception {
    // A field of 5 bytes of which 1 is there; a stray end of a group; a field number of 0.
    for (byte[] garbage :
        List.of(new byte[] {0x0a, 5, 'a'}, new byte[] {0x0c}, new byte[] {0x00, 0x00})) {
      Refused.from(send(method, List.of(garbage))).isInvalid("request");
    }
  }

  @Test
  void text_that_is_not_utf_8_is_an_invalid_request() throws Exception {
    byte[] streamOfWrongBytes = {0x0a, 2, (byte) 0xc3, 0x28};

    for (MethodDescriptor<?, ?> method :
        List.of(
            EventStoreGrpc.getAppendMethod(),
            EventStoreGrpc.getReadStreamMethod(),
            EventStoreGrpc.getSubscribeToStreamMethod(),
            EventStoreGrpc.getGetEventMethod())) {
      Refused.from(send(method, List.of(streamOfWrongBytes))).isInvalid("request");
    }
    byte[] wrongTag = AppendRequest.newBuilder().setStream("a").build().toByteArray();
    byte[] event = {0x22, 8, 0x12, 1, 'A', 0x3a, 3, (byte) 0xed, (byte) 0xa0, (byte) 0x80};
    byte[] append = new byte[wrongTag.length + event.length];
    System.arraycopy(wrongTag, 0, append, 0, wrongTag.length);
    System.arraycopy(event, 0, append, wrongTag.length, event.length);
    Refused.from(send(EventStoreGrpc.getAppendMethod(), List.of(append))).isInvalid("request");
  }

  @Test
  void json_that_is_nested_too_deeply_to_be_read_is_an_invalid_request() throws Exception {
    ByteString value = ByteString.EMPTY;
    for (int i = 0; i < 200; i++) {
      ByteString list = field(1, value); // ListValue.values
      value = field(6, list); // Value.list_value
    }
    ByteString event = field(2, ByteString.copyFromUtf8("A")).concat(field(4, value));
    ByteString append = field(1, ByteString.copyFromUtf8("deep")).concat(field(4, event));

    Refused.from(send(EventStoreGrpc.getAppendMethod(), List.of(append.toByteArray())))
        .isInvalid("request");
  }

  private static ByteString field(int number, ByteString value) {
    ByteString.Output out = ByteString.newOutput();
    try {
      var coded = com.google.protobuf.CodedOutputStream.newInstance(out);
      coded.writeBytes(number, value);
      coded.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteString();
  }

  @ParameterizedTest
  @MethodSource("allMethods")
  void random_bytes_never_look_like_a_fault_of_the_server(MethodDescriptor<?, ?> method)
      throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<CompletableFuture<Status>> ends = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      byte[] bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      ends.add(start(running.channel(), method, List.of(bytes), true, true).closed);
    }

    for (CompletableFuture<Status> end : ends) {
      assertThat(end.get(30, TimeUnit.SECONDS).getCode())
          .as("seed " + seed)
          .isNotIn(Code.UNKNOWN, Code.INTERNAL, Code.DATA_LOSS, Code.UNAVAILABLE);
    }
  }

  @Test
  void requests_with_flipped_bits_never_look_like_a_fault_of_the_server() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] valid =
        append(
                freshStream(),
                event("A")
                    .putMetadata("key", "value")
                    .addTags("tag")
                    .setOccurredAt(com.google.protobuf.Timestamp.newBuilder().setSeconds(1)))
            .toByteArray();
    List<CompletableFuture<Status>> ends = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      byte[] damaged = valid.clone();
      for (int flips = random.nextInt(4); flips >= 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      ends.add(
          start(running.channel(), EventStoreGrpc.getAppendMethod(), List.of(damaged), true, false)
              .closed);
    }

    for (CompletableFuture<Status> end : ends) {
      assertThat(end.get(30, TimeUnit.SECONDS).getCode())
          .as("seed " + seed)
          .isIn(
              Code.OK,
              Code.INVALID_ARGUMENT,
              Code.ABORTED,
              Code.ALREADY_EXISTS,
              Code.UNIMPLEMENTED);
    }
  }

  // ---- too many requests, or too few

  @ParameterizedTest
  @MethodSource("methodsWithOneRequest")
  void a_call_with_one_request_takes_neither_two_nor_none(MethodDescriptor<?, ?> method)
      throws Exception {
    long head = running.server().headPosition();
    byte[] request = requestOf(method);

    Refused.from(send(method, List.of(request, request))).isInvalid("request");
    Refused.from(send(method, List.of())).isInvalid("request");

    assertThat(running.server().headPosition()).isEqualTo(head);
  }

  private static byte[] requestOf(MethodDescriptor<?, ?> method) {
    if (method.equals(EventStoreGrpc.getAppendMethod())) {
      return append(freshStream(), event("A")).toByteArray();
    }
    if (method.equals(EventStoreGrpc.getGetEventMethod())) {
      return GetEventRequest.newBuilder().setPosition(1).build().toByteArray();
    }
    boolean ofStream = method.getFullMethodName().endsWith("Stream");
    return ofStream ? new byte[] {0x0a, 1, 'a'} : new byte[0];
  }

  @Test
  void a_pipeline_without_requests_ends_well() throws Exception {
    assertThat(
            Status.fromThrowable(send(EventStoreGrpc.getAppendPipelineMethod(), List.of()))
                .getCode())
        .isEqualTo(Code.OK);
  }

  @Test
  void a_request_that_is_larger_than_any_append_may_be_ends_its_own_call_only() throws Exception {
    ManagedChannel channel = running.server().connect();
    EventStoreGrpc.EventStoreBlockingStub stub = EventStoreGrpc.newBlockingStub(channel);
    var watched = stub.subscribeToLog(io.varve.proto.v1.SubscribeToLogRequest.getDefaultInstance());
    assertThat(watched.next().hasConfirmed()).isTrue();

    Status end =
        start(channel, EventStoreGrpc.getAppendMethod(), List.of(new byte[33 << 20]), true, false)
            .closed
            .get(30, TimeUnit.SECONDS);

    assertThat(end.getCode()).isIn(Code.RESOURCE_EXHAUSTED, Code.CANCELLED);
    assertThat(stub.append(append(freshStream(), event("A"))).getVersion()).isEqualTo(1);
  }

  @Test
  void compressed_bytes_that_cannot_be_read_are_an_invalid_request() throws Exception {
    ManagedChannel channel =
        running
            .server()
            .register(running.server().builder().compressorRegistry(pretendingToBeGzip()).build());

    Refused.from(
            () ->
                EventStoreGrpc.newBlockingStub(channel)
                    .withCompression("gzip")
                    .append(append(freshStream(), event("A"))))
        .isInvalid("request");
  }

  private static CompressorRegistry pretendingToBeGzip() {
    CompressorRegistry registry = CompressorRegistry.newEmptyInstance();
    registry.register(
        new Compressor() {
          @Override
          public String getMessageEncoding() {
            return "gzip";
          }

          @Override
          public OutputStream compress(OutputStream out) {
            return out;
          }
        });
    return registry;
  }

  @Test
  void a_compressed_request_is_read() {
    String stream = freshStream();

    assertThat(store.withCompression("gzip").append(append(stream, event("A"))).getVersion())
        .isEqualTo(1);
  }

  @Test
  void a_little_that_unpacks_to_too_much_is_an_invalid_request() {
    Refused refused =
        Refused.from(
            () ->
                store
                    .withCompression("gzip")
                    .append(
                        append(
                            freshStream(),
                            event("A").setData(ByteString.copyFrom(new byte[64 << 20])))));

    assertThat(refused.code()).isIn(Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED, Code.CANCELLED);
  }

  @Test
  void abandoned_calls_leave_nothing_behind() throws Exception {
    ManagedChannel channel = running.server().connect();
    for (MethodDescriptor<?, ?> method : allMethods().toList()) {
      start(channel, method, List.of(), false, false); // never half-closed
      RawCall cancelled = start(channel, method, List.of(), false, false);
      cancelled.call.cancel("the caller has changed its mind", null);
    }
    channel.shutdownNow();

    assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  // ---- the header that names a store

  @Test
  void any_store_but_default_is_not_found() {
    for (String name : List.of("other", "Default", "", "a b", "x".repeat(100))) {
      Refused refused =
          Refused.from(() -> named(name).append(append(freshStream(), event("A"))))
              .has(Code.NOT_FOUND, "STORE_NOT_FOUND");
      assertThat(refused.metadata()).containsEntry("store", name);
    }

    assertThat(named("default").append(append(freshStream(), event("A"))).getVersion())
        .isEqualTo(1);
  }

  @Test
  void a_long_name_of_a_store_is_not_found_as_well() {
    Refused.from(() -> named("x".repeat(5_000)).append(append(freshStream(), event("A"))))
        .has(Code.NOT_FOUND, "STORE_NOT_FOUND");
  }

  private EventStoreGrpc.EventStoreBlockingStub named(String name) {
    Metadata headers = new Metadata();
    headers.put(STORE, name);
    return store.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @ParameterizedTest
  @MethodSource("servedMethods")
  void every_method_looks_at_the_header(MethodDescriptor<?, ?> method) throws Exception {
    Metadata headers = new Metadata();
    headers.put(STORE, "other");
    Channel channel =
        ClientInterceptors.intercept(
            running.channel(), MetadataUtils.newAttachHeadersInterceptor(headers));
    RawCall call = start(channel, method, List.of(new byte[0]), true, false);

    Refused.from(call.end()).has(Code.NOT_FOUND, "STORE_NOT_FOUND");
  }

  @ParameterizedTest
  @ValueSource(strings = {"varve.v1.EventStore/Nothing", "varve.v1.Nothing/Append", "a/b"})
  void a_method_that_nobody_knows_is_unimplemented(String name) throws Exception {
    MethodDescriptor<byte[], byte[]> method = raw(name, MethodType.UNARY);

    assertThat(Status.fromThrowable(send(method, List.of(new byte[0]))).getCode())
        .isEqualTo(Code.UNIMPLEMENTED);
  }

  // ---- raw calls

  private Throwable send(MethodDescriptor<?, ?> method, List<byte[]> requests) throws Exception {
    return start(running.channel(), method, requests, true, false).end();
  }

  private static final class RawCall extends ClientCall.Listener<byte[]> {
    final CompletableFuture<Status> closed = new CompletableFuture<>();
    private final ClientCall<byte[], byte[]> call;
    private final boolean cancelOnAnswer;
    private volatile Metadata trailers = new Metadata();

    RawCall(ClientCall<byte[], byte[]> call, boolean cancelOnAnswer) {
      this.call = call;
      this.cancelOnAnswer = cancelOnAnswer;
    }

    @Override
    public void onMessage(byte[] message) {
      if (cancelOnAnswer) {
        call.cancel("one answer is enough", null);
      } else {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata last) {
      trailers = last;
      closed.complete(status);
    }

    Throwable end() throws Exception {
      Status status = closed.get(30, TimeUnit.SECONDS);
      return status.asRuntimeException(trailers);
    }
  }

  /** Starts a call with bytes for requests; nobody looks at what they are. */
  private static RawCall start(
      Channel channel,
      MethodDescriptor<?, ?> method,
      List<byte[]> requests,
      boolean halfClose,
      boolean cancelOnAnswer) {
    // On the wire a bidirectional call looks like any other, and gRPC lets it send any number.
    ClientCall<byte[], byte[]> call =
        channel.newCall(
            raw(method.getFullMethodName(), MethodType.BIDI_STREAMING), CallOptions.DEFAULT);
    RawCall listener = new RawCall(call, cancelOnAnswer);
    call.start(listener, new Metadata());
    call.request(1);
    requests.forEach(call::sendMessage);
    if (halfClose) {
      call.halfClose();
    }
    return listener;
  }

  private static MethodDescriptor<byte[], byte[]> raw(String name, MethodType type) {
    Bytes bytes = new Bytes();
    return MethodDescriptor.<byte[], byte[]>newBuilder(bytes, bytes)
        .setFullMethodName(name)
        .setType(type)
        .build();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
