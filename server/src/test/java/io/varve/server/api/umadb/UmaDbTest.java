package io.varve.server.api.umadb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.proto.umadb.v1.AppendCondition;
import io.varve.proto.umadb.v1.AppendRequest;
import io.varve.proto.umadb.v1.DCBGrpc;
import io.varve.proto.umadb.v1.ErrorResponse;
import io.varve.proto.umadb.v1.ErrorResponse.ErrorType;
import io.varve.proto.umadb.v1.Event;
import io.varve.proto.umadb.v1.HeadRequest;
import io.varve.proto.umadb.v1.HeadResponse;
import io.varve.proto.umadb.v1.MetadataEntry;
import io.varve.proto.umadb.v1.Query;
import io.varve.proto.umadb.v1.QueryItem;
import io.varve.proto.umadb.v1.ReadRequest;
import io.varve.proto.umadb.v1.ReadResponse;
import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.proto.umadb.v1.SubscribeRequest;
import io.varve.proto.umadb.v1.SubscribeResponse;
import io.varve.proto.umadb.v1.TrackingInfo;
import io.varve.proto.umadb.v1.TrackingRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.StreamsGrpc;
import io.varve.proto.v1.TombstoneRequest;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** UmaDB's protocol on the wire, and what either protocol sees of what the other has written. */
class UmaDbTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @RegisterExtension static final RunningServer running = new RunningServer();

  private final DCBGrpc.DCBBlockingStub uma = DCBGrpc.newBlockingStub(running.channel());
  private final EventStoreGrpc.EventStoreBlockingStub varve =
      EventStoreGrpc.newBlockingStub(running.channel());

  // ---- words

  private static String fresh(String kind) {
    return kind + "-" + UUID.randomUUID();
  }

  private static Event.Builder event(String type, String... tags) {
    return Event.newBuilder().setEventType(type).addAllTags(List.of(tags));
  }

  private static AppendRequest append(Event.Builder... events) {
    AppendRequest.Builder append = AppendRequest.newBuilder();
    for (Event.Builder event : events) {
      append.addEvents(event);
    }
    return append.build();
  }

  private static Query tagged(String... tags) {
    return Query.newBuilder().addItems(QueryItem.newBuilder().addAllTags(List.of(tags))).build();
  }

  private List<SequencedEvent> read(Query query) {
    return read(ReadRequest.newBuilder().setQuery(query).build());
  }

  private List<SequencedEvent> read(ReadRequest request) {
    List<SequencedEvent> events = new ArrayList<>();
    uma.read(request).forEachRemaining(response -> events.addAll(response.getEventsList()));
    return events;
  }

  private static List<String> types(List<SequencedEvent> events) {
    return events.stream().map(each -> each.getEvent().getEventType()).toList();
  }

  private static TrackingInfo tracking(String source, long position) {
    return TrackingInfo.newBuilder().setSource(source).setPosition(position).build();
  }

  private long natively(String stream, Consumer<NewEvent.Builder> event) {
    NewEvent.Builder fresh =
        NewEvent.newBuilder().setId(UUID.randomUUID().toString()).setType("Native");
    event.accept(fresh);
    return varve
        .append(
            io.varve.proto.v1.AppendRequest.newBuilder().setStream(stream).addEvents(fresh).build())
        .getPosition();
  }

  /** An error as UmaDB's clients take it apart: the status, and the details' bytes as they are. */
  private record Refused(Code code, String sentence, ErrorResponse response) {
    static Refused from(ThrowingCallable call) throws Exception {
      StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
      assertThat(refusal).as("the call was not refused").isNotNull();
      byte[] details = requireNonNull(requireNonNull(refusal.getTrailers()).get(DETAILS));
      return new Refused(
          refusal.getStatus().getCode(),
          String.valueOf(refusal.getStatus().getDescription()),
          ErrorResponse.parseFrom(details));
    }

    Refused is(Code expected, ErrorType type) {
      assertThat(code).as(toString()).isEqualTo(expected);
      assertThat(response.getErrorType()).isEqualTo(type);
      assertThat(response.getMessage()).isEqualTo(sentence).isNotBlank();
      return this;
    }

    void isInvalid(String field) {
      is(Code.INVALID_ARGUMENT, ErrorType.INVALID_ARGUMENT);
      assertThat(sentence).startsWith(field + " ");
    }
  }

  // ---- from this protocol to the other

  @Test
  void an_event_that_is_appended_here_reads_well_natively() {
    String tag = fresh("tag");
    UUID id = UUID.randomUUID();
    long position =
        uma.append(
                append(
                        event("Ordered", tag, "country:dk", tag)
                            .setUuid(id.toString())
                            .setData(ByteString.copyFrom("{\"amount\": 3}", UTF_8))
                            .addMetadata(MetadataEntry.newBuilder().setKey("z").setValue("1"))
                            .addMetadata(MetadataEntry.newBuilder().setKey("a").setValue("")))
                    .toBuilder()
                    .setTrackingInfo(tracking(tag, 4))
                    .build())
            .getPosition();

    RecordedEvent event =
        varve
            .readLog(
                ReadLogRequest.newBuilder()
                    .setFromPosition(position)
                    .setToPosition(position)
                    .setPayloadView(io.varve.proto.v1.PayloadView.PAYLOAD_VIEW_JSON)
                    .build())
            .next()
            .getEvents(0);

    assertThat(event.getStream()).isEqualTo("umadb");
    assertThat(event.getPosition()).isEqualTo(position);
    assertThat(event.getType()).isEqualTo("Ordered");
    assertThat(event.getId()).isEqualTo(id.toString());
    assertThat(event.getTagsList()).containsExactly(tag, "country:dk");
    assertThat(event.getMetadataMap()).containsEntry("z", "1").containsEntry("a", "").hasSize(2);
    assertThat(event.getJson().getStructValue().getFieldsOrThrow("amount").getNumberValue())
        .isEqualTo(3);
    assertThat(event.getTracking().getSource()).isEqualTo(tag);
    assertThat(event.getTracking().getPosition()).isEqualTo(4);
  }

  @Test
  void events_of_one_append_stay_together_and_in_order_whatever_their_types() {
    String tag = fresh("tag");
    uma.append(append(event("A", tag), event("B", tag), event("A", tag), event("C", tag)));

    List<SequencedEvent> events = read(tagged(tag));

    assertThat(types(events)).containsExactly("A", "B", "A", "C");
    for (int i = 1; i < events.size(); i++) {
      assertThat(events.get(i).getPosition()).isEqualTo(events.getFirst().getPosition() + i);
    }
  }

  @Test
  void the_home_of_events_without_a_stream_is_an_ordinary_stream() {
    uma.append(append(event("A", fresh("tag"))));
    long version =
        varve
            .readStream(
                ReadStreamRequest.newBuilder().setStream("umadb").setBackwards(true).build())
            .next()
            .getEvents(0)
            .getVersion();
    String tag = fresh("tag");
    natively("umadb", event -> event.addTags(tag));

    assertThat(read(tagged(tag)).getFirst().getEvent().getTagsList()).containsExactly(tag);
    assertThat(read(tagged("stream:umadb"))).isEmpty();
    assertThat(version).isPositive();
  }

  // ---- from the other protocol to this one

  @Test
  void a_native_event_shows_its_stream_as_its_last_tag_and_is_found_by_it() {
    String stream = fresh("account");
    UUID id = UUID.randomUUID();
    long position =
        natively(
            stream,
            event ->
                event
                    .setId(id.toString())
                    .addTags("branch:north")
                    .setContentType("text/plain")
                    .putMetadata("user", "ada")
                    .setData(ByteString.copyFrom("25.00", UTF_8)));
    natively(stream + "-other", event -> {}); // the name goes on: another stream

    SequencedEvent read = read(tagged("stream:" + stream)).getFirst();

    assertThat(read(tagged("stream:" + stream))).hasSize(1);
    assertThat(read.getPosition()).isEqualTo(position);
    assertThat(read.getEvent().getUuid()).isEqualTo(id.toString());
    assertThat(read.getEvent().getEventType()).isEqualTo("Native");
    assertThat(read.getEvent().getData().toStringUtf8()).isEqualTo("25.00");
    assertThat(read.getEvent().getTagsList()).containsExactly("branch:north", "stream:" + stream);
    assertThat(read.getEvent().getMetadataList())
        .containsExactly(MetadataEntry.newBuilder().setKey("user").setValue("ada").build());
    assertThat(read.hasTrackingInfo()).isFalse();
  }

  @Test
  void a_tag_that_names_a_stream_finds_what_is_in_it_and_what_is_written_with_it() {
    String stream = fresh("cart");
    String tag = "stream:" + stream;
    String mark = fresh("mark");
    natively(stream, event -> event.setType("InIt").addTags(mark));
    natively(fresh("else"), event -> event.setType("NativeTag").addTags(tag).addTags(mark));
    natively(stream, event -> event.setType("Both").addTags(tag));
    uma.append(append(event("Written", mark, tag)));
    uma.append(append(event("Elsewhere", mark)));

    assertThat(types(read(tagged(tag)))).containsExactly("InIt", "NativeTag", "Both", "Written");
    assertThat(types(read(tagged(mark, tag)))).containsExactly("InIt", "NativeTag", "Written");
    assertThat(read(tagged(tag)).get(2).getEvent().getTagsList()).containsExactly(tag);
    assertThat(read(tagged(tag, "stream:" + fresh("cart")))).isEmpty();
    Query ofType =
        Query.newBuilder().addItems(QueryItem.newBuilder().addTypes("Both").addTags(tag)).build();
    assertThat(types(read(ofType))).containsExactly("Both");
  }

  @Test
  void a_condition_sees_what_is_appended_natively_to_a_stream() throws Exception {
    String stream = fresh("seat");
    AppendRequest claim =
        append(event("Claimed", fresh("tag"))).toBuilder()
            .setCondition(
                AppendCondition.newBuilder().setFailIfEventsMatch(tagged("stream:" + stream)))
            .build();
    assertThat(uma.append(claim).getPosition()).isPositive();

    long position = natively(stream, event -> {});

    Refused.from(() -> uma.append(claim.toBuilder().setEvents(0, event("Again")).build()))
        .is(Code.FAILED_PRECONDITION, ErrorType.INTEGRITY);
    AppendRequest.Builder after = claim.toBuilder().setEvents(0, event("Again"));
    after.getConditionBuilder().setAfter(position);
    assertThat(uma.append(after.build()).getPosition()).isGreaterThan(position);
  }

  @Test
  void a_condition_takes_no_account_of_what_the_server_records_about_a_stream() {
    String stream = fresh("seat");
    StreamsGrpc.newBlockingStub(running.channel())
        .tombstone(TombstoneRequest.newBuilder().setStream(stream).build());
    Query seat = tagged("stream:" + stream);
    assertThat(types(read(seat))).as("what is read").containsExactly("$StreamTombstoned");

    AppendRequest claim =
        append(event("Claimed")).toBuilder()
            .setCondition(AppendCondition.newBuilder().setFailIfEventsMatch(seat))
            .build();

    assertThat(uma.append(claim).getPosition()).isPositive();
  }

  @Test
  void progress_is_one_whichever_protocol_stores_it() throws Exception {
    String source = fresh("source");
    varve.append(
        io.varve.proto.v1.AppendRequest.newBuilder()
            .setStream(fresh("out"))
            .addEvents(NewEvent.newBuilder().setType("Out").addTags(source))
            .setTracking(io.varve.proto.v1.Tracking.newBuilder().setSource(source).setPosition(7))
            .build());

    assertThat(
            uma.getTrackingInfo(TrackingRequest.newBuilder().setSource(source).build())
                .getPosition())
        .isEqualTo(7);
    assertThat(read(tagged(source)).getFirst().getTrackingInfo()).isEqualTo(tracking(source, 7));
    AppendRequest.Builder next = append(event("Next", source)).toBuilder();
    Refused.from(() -> uma.append(next.setTrackingInfo(tracking(source, 7)).build()))
        .is(Code.FAILED_PRECONDITION, ErrorType.INTEGRITY);
    uma.append(next.setTrackingInfo(tracking(source, 8)).build());
    assertThat(
            varve
                .getTracking(
                    io.varve.proto.v1.GetTrackingRequest.newBuilder().setSource(source).build())
                .getPosition())
        .isEqualTo(8);
  }

  @Test
  void progress_and_stream_tags_are_there_after_a_restart(@TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      DCBGrpc.newBlockingStub(server.connect())
          .append(append(event("A", "t")).toBuilder().setTrackingInfo(tracking("s", 3)).build());
      EventStoreGrpc.newBlockingStub(server.connect())
          .append(
              io.varve.proto.v1.AppendRequest.newBuilder()
                  .setStream("x-1")
                  .addEvents(NewEvent.newBuilder().setType("B"))
                  .build());
    }
    try (TestServer server = TestServer.start(folder)) {
      DCBGrpc.DCBBlockingStub again = DCBGrpc.newBlockingStub(server.connect());
      assertThat(
              again
                  .getTrackingInfo(TrackingRequest.newBuilder().setSource("s").build())
                  .getPosition())
          .isEqualTo(3);
      ReadResponse all = again.read(ReadRequest.getDefaultInstance()).next();
      assertThat(all.getEvents(0).getTrackingInfo()).isEqualTo(tracking("s", 3));
      ReadResponse byStream =
          again.read(ReadRequest.newBuilder().setQuery(tagged("stream:x-1")).build()).next();
      assertThat(types(byStream.getEventsList())).containsExactly("B");
    }
  }

  // ---- reads

  @Test
  void an_empty_store_has_no_head(@TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      DCBGrpc.DCBBlockingStub empty = DCBGrpc.newBlockingStub(server.connect());

      assertThat(empty.head(HeadRequest.getDefaultInstance()).hasPosition()).isFalse();
      Iterator<ReadResponse> read = empty.read(ReadRequest.getDefaultInstance());
      assertThat(read.next()).isEqualTo(ReadResponse.getDefaultInstance());
      assertThat(read.hasNext()).isFalse();
      assertThat(empty.append(AppendRequest.getDefaultInstance()).getPosition()).isZero();
    }
  }

  @Test
  void a_read_of_no_event_at_all_sends_no_message() {
    assertThat(uma.read(ReadRequest.newBuilder().setLimit(0).build()).hasNext()).isFalse();
  }

  @Test
  void large_events_come_in_messages_of_their_own_and_none_is_empty() {
    String tag = fresh("large");
    for (int i = 0; i < 5; i++) {
      uma.append(append(event("L", tag).setData(ByteString.copyFrom(new byte[300_000]))));
    }

    List<ReadResponse> messages = new ArrayList<>();
    uma.read(ReadRequest.newBuilder().setQuery(tagged(tag)).build())
        .forEachRemaining(messages::add);

    assertThat(messages).hasSize(5).allMatch(message -> message.getEventsCount() == 1);
  }

  @Test
  void messages_of_small_events_have_about_the_bytes_of_two_pages() {
    String tag = fresh("small");
    for (int i = 0; i < 20; i++) {
      Event.Builder[] events = new Event.Builder[100];
      Arrays.setAll(events, n -> event("S", tag).setData(ByteString.copyFrom(new byte[200])));
      uma.append(append(events));
    }

    List<ReadResponse> messages = new ArrayList<>();
    uma.read(ReadRequest.newBuilder().setQuery(tagged(tag)).setBatchSize(4_096).build())
        .forEachRemaining(messages::add);

    assertThat(messages.stream().mapToInt(ReadResponse::getEventsCount).sum()).isEqualTo(2_000);
    assertThat(messages)
        .hasSizeGreaterThan(2)
        .allMatch(message -> message.getSerializedSize() < 256 * 1024);
  }

  @Test
  void a_short_query_does_not_become_a_large_one() throws Exception {
    List<String> streams = IntStream.range(0, 999).mapToObj(i -> "stream:a" + i).toList();
    Query query = Query.newBuilder().addItems(QueryItem.newBuilder().addAllTags(streams)).build();
    ReadRequest read = ReadRequest.newBuilder().setQuery(query).build();
    SubscribeRequest subscription = SubscribeRequest.newBuilder().setQuery(query).build();

    Refused.from(() -> uma.read(read).next()).isInvalid("query");
    Refused.from(() -> uma.subscribe(subscription).next()).isInvalid("query");
    assertThat(read(tagged(streams.subList(0, 65).toArray(String[]::new)))).isEmpty();
  }

  @Test
  void an_event_without_an_id_gets_one() {
    String tag = fresh("tag");
    uma.append(append(event("A", tag)));

    assertThat(UUID.fromString(read(tagged(tag)).getFirst().getEvent().getUuid()).version())
        .isEqualTo(7);
  }

  // ---- errors

  @Test
  void each_bad_field_is_named_and_nothing_is_written() throws Exception {
    long head = running.server().headPosition();
    Event.Builder good = event("Good").setUuid(UUID.randomUUID().toString());
    refused(append(good, event("")), "events[1].event_type");
    refused(append(good, event("x".repeat(257))), "events[1].event_type");
    refused(append(good, event("T", "")), "events[1].tags[0]");
    refused(append(good, event("T", "a\nb")), "events[1].tags[0]");
    refused(append(good, event("T").setUuid("no")), "events[1].uuid");
    refused(append(good, event("T").setUuid(good.getUuid())), "events[1].uuid");
    refused(append(good, withMetadata("$x", "k")), "events[1].metadata[\"$x\"]");
    refused(append(good, withMetadata("k", "k")), "events[1].metadata");
    refused(
        append(good).toBuilder().setTrackingInfo(tracking("", 1)).build(), "tracking_info.source");
    for (long position : new long[] {0, Long.MIN_VALUE}) {
      refused(
          append(good).toBuilder().setTrackingInfo(tracking("s", position)).build(),
          "tracking_info.position");
    }
    refused(
        append(good).toBuilder()
            .setCondition(AppendCondition.newBuilder().setFailIfEventsMatch(tagged("")))
            .build(),
        "condition.fail_if_events_match.items[0].tags[0]");
    Query.Builder many = Query.newBuilder();
    for (int i = 0; i < 1_001; i++) {
      many.addItems(QueryItem.newBuilder().addTypes("T" + i));
    }
    Refused.from(() -> read(many.build())).isInvalid("query.items");
    assertThat(running.server().headPosition()).isEqualTo(head);
  }

  private void refused(AppendRequest request, String field) throws Exception {
    Refused.from(() -> uma.append(request)).isInvalid(field);
  }

  private static Event.Builder withMetadata(String... keys) {
    Event.Builder event = event("T");
    for (String key : keys) {
      event.addMetadata(MetadataEntry.newBuilder().setKey(key).setValue("v"));
    }
    return event;
  }

  @Test
  @SuppressWarnings("deprecation") // the deprecated field is what this is about
  void a_read_that_is_to_go_on_is_told_to_subscribe() throws Exception {
    Refused.from(() -> read(ReadRequest.newBuilder().setSubscribe(true).build()))
        .isInvalid("subscribe");
  }

  @Test
  void a_request_that_is_no_message_is_an_invalid_argument() throws Exception {
    for (String service : List.of("umadb.v1.DCB", "umadb.UmaDBService")) {
      Refused.from(() -> raw(service + "/Append", new byte[] {(byte) 0xff, (byte) 0xff, 1}))
          .isInvalid("request");
    }
  }

  @Test
  void an_id_that_is_taken_by_another_append_is_an_integrity_error() throws Exception {
    UUID id = UUID.randomUUID();
    natively(fresh("first"), event -> event.setId(id.toString()));

    Refused.from(() -> uma.append(append(event("Second").setUuid(id.toString()))))
        .is(Code.FAILED_PRECONDITION, ErrorType.INTEGRITY);
  }

  @Test
  void a_home_that_is_closed_for_ever_is_no_integrity_error(@TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      StreamsGrpc.newBlockingStub(server.connect())
          .tombstone(TombstoneRequest.newBuilder().setStream("umadb").build());

      Refused.from(() -> DCBGrpc.newBlockingStub(server.connect()).append(append(event("A"))))
          .is(Code.NOT_FOUND, ErrorType.IO);
    }
  }

  @Test
  void a_store_that_is_not_served_is_said_in_this_protocols_words() throws Exception {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("varve-store", Metadata.ASCII_STRING_MARSHALLER), "other");
    DCBGrpc.DCBBlockingStub elsewhere =
        uma.withInterceptors(io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(headers));

    Refused.from(() -> elsewhere.head(HeadRequest.getDefaultInstance()))
        .is(Code.NOT_FOUND, ErrorType.IO);
  }

  // ---- the old name

  @ParameterizedTest
  @ValueSource(strings = {"umadb.v1.DCB", "umadb.UmaDBService"})
  void both_names_of_the_service_are_answered(String service) throws Exception {
    uma.append(append(event("A")));

    byte[] head = raw(service + "/Head", new byte[0]);

    assertThat(HeadResponse.parseFrom(head).getPosition())
        .isEqualTo(running.server().headPosition());
  }

  private static byte[] raw(String method, byte[] request) {
    return ClientCalls.blockingUnaryCall(
        running.channel(),
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(method)
            .setRequestMarshaller(new RawBytes())
            .setResponseMarshaller(new RawBytes())
            .build(),
        CallOptions.DEFAULT.withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS),
        request);
  }

  // ---- subscriptions

  /** What comes of a subscription. */
  private static final class Following implements StreamObserver<SubscribeResponse> {
    final List<SequencedEvent> events = new CopyOnWriteArrayList<>();
    final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

    @Override
    public void onNext(SubscribeResponse response) {
      assertThat(response.getEventsCount()).isPositive();
      events.addAll(response.getEventsList());
    }

    @Override
    public void onError(Throwable error) {
      end.complete(error);
    }

    @Override
    public void onCompleted() {
      end.complete(null);
    }
  }

  @Test
  void a_read_that_finds_nothing_sends_its_headers_all_the_same() throws Exception {
    CompletableFuture<Boolean> headers = new CompletableFuture<>();
    ClientCall<ReadRequest, ReadResponse> call =
        running.channel().newCall(DCBGrpc.getReadMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata received) {
            headers.complete(true);
          }
        },
        new Metadata());
    call.sendMessage(ReadRequest.newBuilder().setQuery(tagged(fresh("silence"))).build());
    call.halfClose(); // no message is asked for, so none is sent

    assertThat(headers.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    call.cancel("seen enough", null);
  }

  @Test
  void a_subscription_sends_its_headers_before_there_is_an_event() throws Exception {
    CompletableFuture<Boolean> headers = new CompletableFuture<>();
    ClientCall<SubscribeRequest, SubscribeResponse> call =
        running.channel().newCall(DCBGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata received) {
            headers.complete(true);
          }
        },
        new Metadata());
    call.request(1);
    call.sendMessage(SubscribeRequest.newBuilder().setQuery(tagged(fresh("silence"))).build());
    call.halfClose();

    assertThat(headers.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    call.cancel("seen enough", null);
  }

  @Test
  void a_subscription_sees_both_protocols_events_in_order_and_ends_well_with_the_server(
      @TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.start(folder);
        VarveClient client = server.client()) {
      Following following = new Following();
      DCBGrpc.newStub(server.connect()).subscribe(SubscribeRequest.getDefaultInstance(), following);
      DCBGrpc.DCBBlockingStub store = DCBGrpc.newBlockingStub(server.connect());
      for (int i = 0; i < 20; i++) {
        store.append(append(event("Uma")));
        client.append(
            "n-" + i,
            io.varve.client.streams.ExpectedVersion.any(),
            io.varve.client.streams.NewEvent.of("Native", new byte[0]));
      }
      await().atMost(PATIENCE).until(() -> following.events.size() == 40);
      for (int i = 0; i < 40; i++) {
        assertThat(following.events.get(i).getPosition()).isEqualTo(i + 1);
        assertThat(following.events.get(i).getEvent().getTagsList())
            .isEqualTo(i % 2 == 0 ? List.of() : List.of("stream:n-" + i / 2));
      }
      assertThat(server.subscriptions()).isEqualTo(1);

      server.stop();

      assertThat(following.end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNull();
    }
  }

  @Test
  void a_subscriber_that_goes_leaves_nothing_behind(@TempDir Path folder) throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      var going =
          DCBGrpc.newBlockingStub(server.connect())
              .withDeadlineAfter(200, TimeUnit.MILLISECONDS)
              .subscribe(SubscribeRequest.getDefaultInstance());
      assertThat(catchThrowableOfType(StatusRuntimeException.class, going::hasNext)).isNotNull();

      await().atMost(PATIENCE).until(() -> server.subscriptions() == 0);
    }
  }

  // ---- health

  @Test
  void health_is_asked_for_by_the_services_name() {
    assertThat(
            HealthGrpc.newBlockingStub(running.channel())
                .check(HealthCheckRequest.newBuilder().setService("umadb.v1.DCB").build())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }
}
