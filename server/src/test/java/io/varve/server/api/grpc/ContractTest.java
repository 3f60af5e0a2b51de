package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import io.grpc.Status.Code;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventIdTaken;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.PayloadView;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.StreamState;
import io.varve.proto.v1.StreamVersion;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.Tracking;
import io.varve.proto.v1.VersionConflict;
import io.varve.server.RunningServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the contract says about single fields of requests and about errors, checked with generated
 * stubs and nothing in between.
 */
class ContractTest {
  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;
  private static final long BEYOND_SIGNED = Long.MIN_VALUE; // 2^63 on the wire

  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());

  private Refused refused(AppendRequest request) {
    long head = running.server().headPosition();
    Refused refused = Refused.from(() -> store.append(request));
    assertThat(running.server().headPosition()).isEqualTo(head);
    return refused;
  }

  private Refused refused(NewEvent.Builder second) {
    return refused(append(freshStream(), event("First"), second));
  }

  private AppendResponse accepted(NewEvent.Builder event) {
    return store.append(append(freshStream(), event));
  }

  // ---- stream names

  /** Every call that names a stream, with how it calls the field. */
  static Stream<Arguments> callsThatNameAStream() {
    return Stream.<Map.Entry<String, NamesStream>>of(
            Map.entry("stream", (s, name) -> s.append(append(name, event("A")))),
            Map.entry("stream", (s, name) -> s.readStream(readStream(name).build()).hasNext()),
            Map.entry("stream", (s, name) -> s.subscribeToStream(toStream(name)).hasNext()),
            Map.entry("stream_version.stream", (s, name) -> s.getEvent(versionOf(name, 1))))
        .map(entry -> Arguments.of(entry.getKey(), entry.getValue()));
  }

  interface NamesStream {
    Object call(EventStoreGrpc.EventStoreBlockingStub store, String stream);
  }

  private static ReadStreamRequest.Builder readStream(String name) {
    return ReadStreamRequest.newBuilder().setStream(name);
  }

  private static SubscribeToStreamRequest toStream(String name) {
    return SubscribeToStreamRequest.newBuilder().setStream(name).build();
  }

  private static GetEventRequest versionOf(String name, long version) {
    return GetEventRequest.newBuilder()
        .setStreamVersion(StreamVersion.newBuilder().setStream(name).setVersion(version))
        .build();
  }

  @ParameterizedTest
  @MethodSource("callsThatNameAStream")
  void a_stream_name_is_1_to_512_bytes_of_utf_8_without_control_characters(
      String field, NamesStream call) {
    Refused.from(() -> call.call(store, "")).isInvalid(field);
    Refused.from(() -> call.call(store, "x".repeat(513))).isOverLimit(field, 512, 513);
    Refused.from(() -> call.call(store, "é".repeat(256) + "x")).isOverLimit(field, 512, 513);
    Refused.from(() -> call.call(store, "😀".repeat(128) + "x")).isOverLimit(field, 512, 513);
    for (String name : List.of("a\nb", "\u0000", "a\u007f", "\u0085b")) {
      Refused.from(() -> call.call(store, name)).isInvalid(field);
    }
  }

  @Test
  void the_longest_stream_names_are_appended_to_read_and_looked_up() {
    for (String name :
        List.of("x".repeat(512), "é".repeat(256), "😀".repeat(128), "a", "-", "a$")) {
      store.append(append(name, event("A")));

      assertThat(store.getEvent(versionOf(name, 1)).getEvent().getStream()).isEqualTo(name);
      assertThat(store.readStream(readStream(name).build()).next().getEvents(0).getStream())
          .isEqualTo(name);
    }
  }

  @Test
  void system_streams_are_written_by_the_server_only_and_may_be_read() {
    refused(append("$audit", event("A"))).isInvalid("stream");

    Refused.from(() -> store.readStream(readStream("$audit").build()).hasNext())
        .has(Code.NOT_FOUND, "STREAM_NOT_FOUND");
  }

  // ---- expected version

  @Test
  void a_state_must_be_stated() {
    refused(
            append("a", event("A")).toBuilder()
                .setState(StreamState.STREAM_STATE_UNSPECIFIED)
                .build())
        .isInvalid("state");
    refused(append("a", event("A")).toBuilder().setStateValue(99).build()).isInvalid("state");
    refused(append("a", event("A")).toBuilder().setStateValue(-1).build()).isInvalid("state");
  }

  @Test
  void a_version_beyond_63_bits_is_refused_and_the_largest_conflicts() {
    AppendRequest append = append(freshStream(), event("A"));

    refused(append.toBuilder().setVersion(BEYOND_SIGNED).build()).isInvalid("version");
    refused(append.toBuilder().setVersion(-1).build()).isInvalid("version");
    refused(append.toBuilder().setVersion(Long.MAX_VALUE).build())
        .has(Code.ABORTED, "VERSION_CONFLICT");
  }

  @Test
  void a_conflict_says_what_was_expected_and_what_is_there() {
    String stream = freshStream();
    store.append(append(stream, event("A"), event("B")));

    Refused byVersion = refused(append(stream, event("C")).toBuilder().setVersion(1).build());
    Refused byState =
        refused(
            append(stream, event("C")).toBuilder()
                .setState(StreamState.STREAM_STATE_NO_STREAM)
                .build());
    Refused missing =
        refused(
            append(stream + "x", event("C")).toBuilder()
                .setState(StreamState.STREAM_STATE_STREAM_EXISTS)
                .build());

    assertThat(byVersion.has(Code.ABORTED, "VERSION_CONFLICT").metadata())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("stream", stream, "expected", "version 1", "actual", "2"));
    assertThat(byVersion.sentence()).contains(stream, "version 1", "version 2");
    assertThat(byVersion.detail(VersionConflict.class))
        .contains(
            VersionConflict.newBuilder()
                .setStream(stream)
                .setExpected("version 1")
                .setExpectedVersion(1)
                .setActualVersion(2)
                .build());
    assertThat(byState.detail(VersionConflict.class))
        .contains(
            VersionConflict.newBuilder()
                .setStream(stream)
                .setExpected("no stream")
                .setActualVersion(2)
                .build());
    assertThat(missing.detail(VersionConflict.class))
        .contains(
            VersionConflict.newBuilder()
                .setStream(stream + "x")
                .setExpected("stream exists")
                .build());
  }

  @Test
  void a_conflict_on_the_longest_name_still_fits_into_what_clients_take() {
    String stream = "é".repeat(256);
    refused(append(stream, event("A")).toBuilder().setVersion(7).build())
        .has(Code.ABORTED, "VERSION_CONFLICT");
    String controls = "%".repeat(512);
    refused(append(controls, event("A")).toBuilder().setVersion(7).build())
        .has(Code.ABORTED, "VERSION_CONFLICT");
  }

  // ---- events of an append

  @Test
  void an_append_has_1_to_10000_events() {
    refused(append(freshStream()).build()).isInvalid("events");
    List<NewEvent> most =
        IntStream.range(0, 10_000).mapToObj(i -> event("E").clearData().build()).toList();

    assertThat(store.append(append(freshStream()).addAllEvents(most).build()).getVersion())
        .isEqualTo(10_000);
    refused(append(freshStream()).addAllEvents(most).addEvents(event("E")).build())
        .isOverLimit("events", 10_000, 10_001);
  }

  @Test
  void an_append_has_at_most_16_mib_to_the_byte() {
    String stream = freshStream();
    AppendRequest.Builder request = append(stream);
    for (int i = 0; i < 4; i++) {
      request.addEvents(event("Large").setData(ByteString.copyFrom(new byte[4 * MIB])));
    }
    Refused over = refused(request.build());
    long actual = Long.parseLong(over.metadata().get("actual"));
    over.isOverLimit("events", 16 * MIB, actual);
    int excess = (int) (actual - 16 * MIB);

    AppendRequest.Builder fits = append(stream);
    for (int i = 0; i < 4; i++) {
      int size = 4 * MIB - (i == 3 ? excess : 0);
      fits.addEvents(event("Large").setData(ByteString.copyFrom(new byte[size])));
    }
    assertThat(store.append(fits.build()).getVersion()).isEqualTo(4);
    fits.getEventsBuilder(3).setData(ByteString.copyFrom(new byte[4 * MIB - excess + 1]));
    for (NewEvent.Builder event : fits.getEventsBuilderList()) {
      event.setId(UUID.randomUUID().toString());
    }
    refused(fits.build()).isOverLimit("events", 16 * MIB, 16 * MIB + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "0198f2a47c1e7d3a9f402b6a1c9d8e77",
        "0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e7",
        "0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e777",
        "{0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e77}",
        "1-1-1-1-1",
        "0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e7g",
        " 0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e77",
        "0198f2a4-7c1e-7d3a-9f40-2b6a1c9d8e77\n"
      })
  void an_event_id_is_uuid_text(String id) {
    refused(event("A").setId(id)).isInvalid("events[1].id");
    Refused.from(() -> store.getEvent(GetEventRequest.newBuilder().setId(id).build()))
        .isInvalid("id");
  }

  @Test
  void an_event_id_in_capitals_is_stored_in_lower_case_and_is_the_same_id() {
    String id = UUID.randomUUID().toString();
    String capitals = id.toUpperCase(Locale.ROOT);
    String stream = freshStream();
    AppendResponse first = store.append(append(stream, event("A").setId(capitals)));

    assertThat(
            store.getEvent(GetEventRequest.newBuilder().setId(capitals).build()).getEvent().getId())
        .isEqualTo(id);
    assertThat(store.append(append(stream, event("A").setId(id))))
        .isEqualTo(first.toBuilder().setDeduplicated(true).build());
    refused(append(stream, event("A").setId(UUID.randomUUID().toString()), event("B").setId(id)))
        .has(Code.ALREADY_EXISTS, "EVENT_ID_TAKEN");
  }

  @Test
  void an_id_may_not_stand_twice_in_an_append_not_even_in_other_letters() {
    String id = UUID.randomUUID().toString();

    refused(
            append(
                freshStream(), event("A").setId(id), event("B").setId(id.toUpperCase(Locale.ROOT))))
        .isInvalid("events[1].id");
  }

  @Test
  void an_event_without_an_id_gets_a_uuid_of_version_7_and_a_repeat_appends_again() {
    AppendRequest append = append(freshStream(), event("A").clearId());
    AppendResponse first = store.append(append);
    AppendResponse second = store.append(append);

    assertThat(second.getVersion()).isEqualTo(2);
    assertThat(second.getDeduplicated()).isFalse();
    UUID id = UUID.fromString(at(first.getPosition()).getId());
    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
  }

  @Test
  void an_id_that_is_taken_says_by_what() {
    String stream = freshStream();
    String id = UUID.randomUUID().toString();
    long position = store.append(append(stream, event("A").setId(id))).getPosition();

    Refused taken = refused(append(freshStream(), event("A").setId(id)));

    assertThat(taken.has(Code.ALREADY_EXISTS, "EVENT_ID_TAKEN").metadata())
        .containsExactlyInAnyOrderEntriesOf(Map.of("event_id", id, "stream", stream));
    assertThat(taken.detail(EventIdTaken.class))
        .contains(
            EventIdTaken.newBuilder()
                .setEventId(id)
                .setStream(stream)
                .setPosition(position)
                .build());
  }

  @Test
  void a_type_is_1_to_256_bytes_of_utf_8_without_control_characters() {
    for (String type : List.of("x".repeat(256), "é".repeat(128), "T")) {
      assertThat(at(accepted(event(type)).getPosition()).getType()).isEqualTo(type);
    }

    refused(event("").clearData()).isInvalid("events[1].type");
    refused(event("é".repeat(128) + "x")).isOverLimit("events[1].type", 256, 257);
    refused(event("a\tb")).isInvalid("events[1].type");
  }

  @Test
  void a_payload_has_at_most_4_mib() {
    ByteString most = ByteString.copyFrom(new byte[4 * MIB]);
    assertThat(at(accepted(event("A").setData(most)).getPosition()).getData()).isEqualTo(most);

    refused(event("A").setData(most.concat(ByteString.copyFromUtf8("x"))))
        .isOverLimit("events[1].data", 4 * MIB, 4 * MIB + 1);
    // Quotes count: it is the text that is stored.
    accepted(event("A").setJson(text("x".repeat(4 * MIB - 2))));
    refused(event("A").setJson(text("x".repeat(4 * MIB - 1))))
        .isOverLimit("events[1].json", 4 * MIB, 4 * MIB + 1);
  }

  @Test
  void an_absent_and_an_empty_payload_are_both_empty() {
    for (NewEvent.Builder event :
        List.of(event("A").clearPayload(), event("A").setData(ByteString.EMPTY))) {
      RecordedEvent recorded = at(accepted(event).getPosition());

      assertThat(recorded.getData()).isEqualTo(ByteString.EMPTY);
      assertThat(recorded.hasJson()).isFalse();
      assertThat(recorded.getContentType()).isEmpty();
    }
  }

  @Test
  void a_content_type_has_at_most_256_bytes_and_beside_json_says_json() {
    accepted(event("A").setContentType("x".repeat(256)));
    accepted(event("A").setJson(text("x")).setContentType("application/json"));

    refused(event("A").setContentType("x".repeat(257)))
        .isOverLimit("events[1].content_type", 256, 257);
    refused(event("A").setContentType("a\nb")).isInvalid("events[1].content_type");
    refused(event("A").setJson(text("x")).setContentType("text/plain"))
        .isInvalid("events[1].content_type");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void numbers_that_json_does_not_have_are_refused(double number) {
    refused(event("A").setJson(Value.newBuilder().setNumberValue(number)))
        .isInvalid("events[1].json");
  }

  @Test
  void metadata_has_at_most_64_kib_in_all_with_keys_of_1_to_256_bytes() {
    int half = 32 * KIB - 1;
    Map<String, String> most = Map.of("a", "x".repeat(half), "b", "é".repeat(half / 2) + "x");
    assertThat(at(accepted(event("A").putAllMetadata(most)).getPosition()).getMetadataMap())
        .isEqualTo(most);
    accepted(event("A").putMetadata("k".repeat(256), "").putMetadata("a$", "\n"));

    refused(event("A").putAllMetadata(most).putMetadata("c", ""))
        .isOverLimit("events[1].metadata", 64 * KIB, 64 * KIB + 1);
    refused(event("A").putMetadata("$a", "x")).isInvalid("events[1].metadata[\"$a\"]");
    refused(event("A").putMetadata("", "x")).isInvalid("events[1].metadata key");
    refused(event("A").putMetadata("a\u0000", "x")).isInvalid("events[1].metadata key");
    refused(event("A").putMetadata("k".repeat(257), "x"))
        .isOverLimit("events[1].metadata key", 256, 257);
  }

  @Test
  void an_event_has_at_most_64_different_tags_of_1_to_256_bytes() {
    List<String> most =
        IntStream.range(0, 64)
            .mapToObj(i -> (i + "-" + "é".repeat(127)).substring(0, 128))
            .toList();
    List<String> kept =
        at(accepted(event("A").addAllTags(most).addAllTags(most)).getPosition()).getTagsList();
    assertThat(kept).isEqualTo(most);

    refused(event("A").addAllTags(most).addTags("one more")).isOverLimit("events[1].tags", 64, 65);
    refused(event("A").addTags("a").addTags("x".repeat(257)))
        .isOverLimit("events[1].tags[1]", 256, 257);
    refused(event("A").addTags("")).isInvalid("events[1].tags[0]");
    refused(event("A").addTags("a\rb")).isInvalid("events[1].tags[0]");
    accepted(event("A").addTags("x".repeat(256)));
  }

  @Test
  void a_business_time_lies_between_the_years_1_and_9999() {
    long first = -62_135_596_800L;
    long last = 253_402_300_799L;
    for (Timestamp time : List.of(time(first, 0), time(last, 999_999_999), time(0, 0))) {
      assertThat(at(accepted(event("A").setOccurredAt(time)).getPosition()).getOccurredAt())
          .isEqualTo(time);
    }
    for (Timestamp time : invalidTimes()) {
      refused(event("A").setOccurredAt(time)).isInvalid("events[1].occurred_at");
    }
  }

  private static Timestamp time(long seconds, int nanos) {
    return Timestamp.newBuilder().setSeconds(seconds).setNanos(nanos).build();
  }

  private static List<Timestamp> invalidTimes() {
    return List.of(
        time(-62_135_596_801L, 0),
        time(253_402_300_800L, 0),
        time(0, -1),
        time(0, 1_000_000_000),
        time(Long.MAX_VALUE, 0),
        time(Long.MIN_VALUE, Integer.MIN_VALUE));
  }

  @Test
  void a_tracking_position_and_its_source_are_checked() {
    Tracking valid = Tracking.newBuilder().setSource("s").setPosition(1).build();
    AppendRequest append = append("a", event("A"));

    refused(append.toBuilder().setTracking(valid.toBuilder().clearSource()).build())
        .isInvalid("tracking.source");
    refused(append.toBuilder().setTracking(valid.toBuilder().setSource("x".repeat(513))).build())
        .has(Code.INVALID_ARGUMENT, "LIMIT_EXCEEDED");
    refused(append.toBuilder().setTracking(valid.toBuilder().clearPosition()).build())
        .isInvalid("tracking.position");
    refused(append.toBuilder().setTracking(valid.toBuilder().setPosition(-1)).build())
        .isInvalid("tracking.position");
  }

  // ---- reads

  @Test
  void places_and_limits_beyond_63_bits_are_refused() {
    String stream = freshStream();
    store.append(append(stream, event("A")));

    refusedRead(stream, r -> r.setFromVersion(BEYOND_SIGNED)).isInvalid("from_version");
    refusedRead(stream, r -> r.setLimit(-1)).isInvalid("limit");
    refusedRead(stream, r -> r.setNotBeforePosition(-1)).isInvalid("not_before_position");
    refusedLog(r -> r.setFromPosition(BEYOND_SIGNED)).isInvalid("from_position");
    refusedLog(r -> r.setToPosition(-1)).isInvalid("to_position");
    refusedLog(r -> r.setLimit(BEYOND_SIGNED)).isInvalid("limit");
    refusedLog(r -> r.setNotBeforePosition(BEYOND_SIGNED)).isInvalid("not_before_position");
    refusedLogSubscription(r -> r.setAfterPosition(-1)).isInvalid("after_position");
    refusedLogSubscription(r -> r.setNotBeforePosition(-1)).isInvalid("not_before_position");
    refusedSubscription(stream, r -> r.setAfterVersion(-1)).isInvalid("after_version");
    refusedSubscription(stream, r -> r.setNotBeforePosition(-1)).isInvalid("not_before_position");
    refusedLookUp(r -> r.setPosition(-1)).isInvalid("position");
    refusedLookUp(r -> r.setPosition(1).setNotBeforePosition(-1)).isInvalid("not_before_position");
    refusedLookUp(r -> r.mergeFrom(versionOf(stream, -1))).isInvalid("stream_version.version");
  }

  @Test
  void the_largest_places_and_limits_are_answered() {
    String stream = freshStream();
    store.append(append(stream, event("A"), event("B")));
    long max = Long.MAX_VALUE;

    assertThat(events(readStream(stream).setLimit(max))).hasSize(2);
    assertThat(events(readStream(stream).setFromVersion(max))).isEmpty();
    assertThat(events(readStream(stream).setFromVersion(max).setBackwards(true))).hasSize(2);
    ReadLogRequest.Builder log =
        ReadLogRequest.newBuilder()
            .setQuery(
                Query.newBuilder().addItems(QueryItem.newBuilder().addStreamPrefixes(stream)));
    assertThat(events(log.clone().setLimit(max).setToPosition(max))).hasSize(2);
    assertThat(events(log.clone().setFromPosition(max))).isEmpty();
    assertThat(events(log.clone().setFromPosition(max).setBackwards(true))).hasSize(2);
    assertThat(events(log.clone().setFromPosition(max).setToPosition(max).setBackwards(true)))
        .isEmpty();
  }

  @Test
  void times_are_checked_and_the_extremes_are_answered() {
    String stream = freshStream();
    store.append(append(stream, event("A")));
    for (Timestamp time : invalidTimes()) {
      refusedRead(stream, r -> r.setAsOf(time)).isInvalid("as_of");
      refusedLog(r -> r.setFromTime(time)).isInvalid("from_time");
      refusedLog(r -> r.setToTime(time)).isInvalid("to_time");
    }
    Timestamp first = time(-62_135_596_800L, 0);
    Timestamp last = time(253_402_300_799L, 999_999_999);

    assertThat(events(readStream(stream).setAsOf(first))).isEmpty();
    assertThat(events(readStream(stream).setAsOf(last))).hasSize(1);
    assertThat(events(ReadLogRequest.newBuilder().setFromTime(last))).isEmpty();
    assertThat(events(ReadLogRequest.newBuilder().setToTime(first))).isEmpty();
    assertThat(events(ReadLogRequest.newBuilder().setFromTime(first).setToTime(last).setLimit(1)))
        .hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, -1, Integer.MAX_VALUE})
  void an_unknown_payload_view_is_refused(int view) {
    String stream = freshStream();
    store.append(append(stream, event("A")));

    refusedRead(stream, r -> r.setPayloadViewValue(view)).isInvalid("payload_view");
    refusedLog(r -> r.setPayloadViewValue(view)).isInvalid("payload_view");
    refusedSubscription(stream, r -> r.setPayloadViewValue(view)).isInvalid("payload_view");
    refusedLogSubscription(r -> r.setPayloadViewValue(view)).isInvalid("payload_view");
    refusedLookUp(r -> r.setPosition(1).setPayloadViewValue(view)).isInvalid("payload_view");
  }

  @Test
  void a_query_has_at_most_1000_items_of_1000_entries_a_part() {
    List<String> most = Collections.nCopies(1_000, "A");
    QueryItem full =
        QueryItem.newBuilder()
            .addAllTypes(most)
            .addAllTags(most)
            .addAllStreamPrefixes(most)
            .addAllCategories(most)
            .build();
    assertThat(events(ReadLogRequest.newBuilder().setQuery(Query.newBuilder().addItems(full))))
        .isEmpty();
    List<QueryItem> items =
        Collections.nCopies(1_000, QueryItem.newBuilder().addTypes("No").build());
    assertThat(events(ReadLogRequest.newBuilder().setQuery(Query.newBuilder().addAllItems(items))))
        .isEmpty();

    Query tooMany = Query.newBuilder().addAllItems(items).addItems(full).build();
    refusedLog(r -> r.setQuery(tooMany)).isOverLimit("query.items", 1_000, 1_001);
    refusedLogSubscription(r -> r.setQuery(tooMany)).isOverLimit("query.items", 1_000, 1_001);
    refusedPart(full.toBuilder().addTypes("A")).isOverLimit("query.items[0].types", 1_000, 1_001);
    refusedPart(full.toBuilder().addTags("A")).isOverLimit("query.items[0].tags", 1_000, 1_001);
    refusedPart(full.toBuilder().addStreamPrefixes("A"))
        .isOverLimit("query.items[0].stream_prefixes", 1_000, 1_001);
    refusedPart(full.toBuilder().addCategories("A"))
        .isOverLimit("query.items[0].categories", 1_000, 1_001);
    refusedPart(QueryItem.newBuilder().addTypes("A").addTypes(""))
        .isInvalid("query.items[0].types[1]");
  }

  @Test
  void a_query_item_without_parts_matches_every_event() {
    store.append(append(freshStream(), event("A")));

    assertThat(
            events(
                ReadLogRequest.newBuilder()
                    .setLimit(1)
                    .setQuery(
                        Query.newBuilder()
                            .addItems(QueryItem.newBuilder().addTypes("No such type"))
                            .addItems(QueryItem.getDefaultInstance()))))
        .hasSize(1);
  }

  private Refused refusedPart(QueryItem.Builder item) {
    return refusedLog(r -> r.setQuery(Query.newBuilder().addItems(item)));
  }

  @Test
  void what_is_not_there_is_not_found_with_what_was_asked_for() {
    String stream = freshStream();
    String id = UUID.randomUUID().toString();

    assertThat(refusedRead(stream, r -> r).has(Code.NOT_FOUND, "STREAM_NOT_FOUND").metadata())
        .isEqualTo(Map.of("stream", stream));
    assertThat(refusedLookUp(r -> r.setId(id)).has(Code.NOT_FOUND, "EVENT_NOT_FOUND").metadata())
        .isEqualTo(Map.of("event_id", id));
    assertThat(
            refusedLookUp(r -> r.setPosition(Long.MAX_VALUE))
                .has(Code.NOT_FOUND, "EVENT_NOT_FOUND")
                .metadata())
        .isEqualTo(Map.of("position", Long.toString(Long.MAX_VALUE)));
    assertThat(
            refusedLookUp(r -> r.mergeFrom(versionOf(stream, 3)))
                .has(Code.NOT_FOUND, "EVENT_NOT_FOUND")
                .metadata())
        .isEqualTo(Map.of("stream", stream, "version", "3"));
  }

  @Test
  void a_look_up_says_what_it_looks_for() {
    refusedLookUp(r -> r).isInvalid("by");
    refusedLookUp(r -> r.setPosition(0)).isInvalid("position");
    refusedLookUp(r -> r.mergeFrom(versionOf("a", 0))).isInvalid("stream_version.version");
    refusedLookUp(r -> r.setId("")).isInvalid("id");
    refusedLookUp(r -> r.setStreamVersion(StreamVersion.getDefaultInstance()))
        .isInvalid("stream_version.stream");
  }

  @Test
  void a_read_of_nothing_in_range_is_one_page_with_the_head() {
    String stream = freshStream();
    long head = store.append(append(stream, event("A"))).getPosition();

    var pages = store.readStream(readStream(stream).setFromVersion(5).build());

    var only = pages.next();
    assertThat(only.getEventsList()).isEmpty();
    assertThat(only.getHeadPosition()).isEqualTo(head);
    assertThat(pages.hasNext()).isFalse();
  }

  // ---- helpers

  private interface Change<B> {
    B apply(B builder);
  }

  private Refused refusedRead(String stream, Change<ReadStreamRequest.Builder> change) {
    return Refused.from(() -> store.readStream(change.apply(readStream(stream)).build()).hasNext());
  }

  private Refused refusedLog(Change<ReadLogRequest.Builder> change) {
    return Refused.from(
        () -> store.readLog(change.apply(ReadLogRequest.newBuilder()).build()).hasNext());
  }

  private Refused refusedSubscription(
      String stream, Change<SubscribeToStreamRequest.Builder> change) {
    SubscribeToStreamRequest.Builder request =
        SubscribeToStreamRequest.newBuilder().setStream(stream);
    return Refused.from(() -> store.subscribeToStream(change.apply(request).build()).hasNext());
  }

  private Refused refusedLogSubscription(Change<SubscribeToLogRequest.Builder> change) {
    return Refused.from(
        () ->
            store
                .subscribeToLog(change.apply(SubscribeToLogRequest.newBuilder()).build())
                .hasNext());
  }

  private Refused refusedLookUp(Change<GetEventRequest.Builder> change) {
    return Refused.from(() -> store.getEvent(change.apply(GetEventRequest.newBuilder()).build()));
  }

  private List<RecordedEvent> events(ReadStreamRequest.Builder request) {
    return collect(
        sink ->
            store
                .readStream(request.build())
                .forEachRemaining(page -> page.getEventsList().forEach(sink)));
  }

  private List<RecordedEvent> events(ReadLogRequest.Builder request) {
    return collect(
        sink ->
            store
                .readLog(request.build())
                .forEachRemaining(page -> page.getEventsList().forEach(sink)));
  }

  private static List<RecordedEvent> collect(Consumer<Consumer<RecordedEvent>> source) {
    List<RecordedEvent> events = new ArrayList<>();
    source.accept(events::add);
    return events;
  }

  private RecordedEvent at(long position) {
    return store
        .getEvent(
            GetEventRequest.newBuilder()
                .setPosition(position)
                .setPayloadView(PayloadView.PAYLOAD_VIEW_BYTES)
                .build())
        .getEvent();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }
}
