package io.varve.server.api.grpc;

import static io.varve.server.api.grpc.Wire.append;
import static io.varve.server.api.grpc.Wire.event;
import static io.varve.server.api.grpc.Wire.freshStream;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import com.google.protobuf.util.Timestamps;
import io.grpc.Status.Code;
import io.varve.proto.v1.DeleteSnapshotsRequest;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetSnapshotRequest;
import io.varve.proto.v1.ListSnapshotsRequest;
import io.varve.proto.v1.ListSnapshotsResponse;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.PayloadView;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.ReadStreamResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SaveSnapshotRequest;
import io.varve.proto.v1.Snapshot;
import io.varve.proto.v1.SnapshotsGrpc;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The service Snapshots, and reads that begin with a snapshot. */
class SnapshotsTest {
  private static final int MIB = 1024 * 1024;

  @RegisterExtension static final RunningServer running = new RunningServer();

  private final EventStoreGrpc.EventStoreBlockingStub store =
      EventStoreGrpc.newBlockingStub(running.channel());
  private final SnapshotsGrpc.SnapshotsBlockingStub snapshots =
      SnapshotsGrpc.newBlockingStub(running.channel());

  // ---- words

  private static String stream(EventStoreGrpc.EventStoreBlockingStub store, int events) {
    String stream = freshStream();
    for (int from = 0; from < events; from += 1_000) {
      store.append(
          append(
              stream,
              IntStream.range(from, Math.min(events, from + 1_000))
                  .mapToObj(_ -> event("A"))
                  .toArray(NewEvent.Builder[]::new)));
    }
    return stream;
  }

  private String stream(int events) {
    return stream(store, events);
  }

  private static Snapshot.Builder snapshot(String stream, long version, String state) {
    return Snapshot.newBuilder()
        .setStream(stream)
        .setVersion(version)
        .setSchemaVersion(7)
        .setContentType("text/plain")
        .setData(ByteString.copyFrom(state, UTF_8));
  }

  private static SaveSnapshotRequest of(Snapshot.Builder snapshot) {
    return SaveSnapshotRequest.newBuilder().setSnapshot(snapshot).build();
  }

  private Timestamp save(String stream, long version, String state) {
    return snapshots.saveSnapshot(of(snapshot(stream, version, state))).getSavedAt();
  }

  private Snapshot get(String stream, UnaryOperator<GetSnapshotRequest.Builder> change) {
    return snapshots
        .getSnapshot(change.apply(GetSnapshotRequest.newBuilder().setStream(stream)).build())
        .getSnapshot();
  }

  private Snapshot newest(String stream) {
    return get(stream, r -> r);
  }

  private Refused notFound(String stream, UnaryOperator<GetSnapshotRequest.Builder> change) {
    return Refused.from(() -> get(stream, change)).has(Code.NOT_FOUND, "SNAPSHOT_NOT_FOUND");
  }

  private ListSnapshotsResponse list(
      String stream, UnaryOperator<ListSnapshotsRequest.Builder> change) {
    return snapshots.listSnapshots(
        change.apply(ListSnapshotsRequest.newBuilder().setStream(stream)).build());
  }

  private static List<Long> versions(ListSnapshotsResponse page) {
    return page.getSnapshotsList().stream().map(Snapshot::getVersion).toList();
  }

  private List<Long> versions(String stream) {
    return versions(list(stream, r -> r));
  }

  private long delete(String stream, long upTo) {
    return snapshots
        .deleteSnapshots(
            DeleteSnapshotsRequest.newBuilder().setStream(stream).setUpToVersion(upTo).build())
        .getDeleted();
  }

  /** Everything that a read from a snapshot answers. */
  private record Loaded(List<ReadStreamResponse> pages) {
    Snapshot snapshot() {
      assertThat(pages.stream().skip(1).filter(ReadStreamResponse::hasSnapshot)).isEmpty();
      return pages.getFirst().getSnapshot();
    }

    boolean hasSnapshot() {
      return pages.stream().anyMatch(ReadStreamResponse::hasSnapshot);
    }

    List<Long> versions() {
      return pages.stream()
          .flatMap(page -> page.getEventsList().stream())
          .map(RecordedEvent::getVersion)
          .toList();
    }
  }

  private Loaded load(String stream, UnaryOperator<ReadStreamRequest.Builder> change) {
    List<ReadStreamResponse> pages = new ArrayList<>();
    store
        .readStream(
            change
                .apply(ReadStreamRequest.newBuilder().setStream(stream).setFromSnapshot(true))
                .build())
        .forEachRemaining(pages::add);
    return new Loaded(pages);
  }

  private static List<Long> range(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  private Timestamp recordedAt(String stream, long version) {
    return store
        .readStream(
            ReadStreamRequest.newBuilder().setStream(stream).setFromVersion(version).build())
        .next()
        .getEvents(0)
        .getRecordedAt();
  }

  /** Appends an event whose time is later than that of all before. */
  private void appendLater(String stream) {
    long version = store.append(append(stream, event("A"))).getVersion();
    while (version > 1
        && Timestamps.compare(recordedAt(stream, version - 1), recordedAt(stream, version)) == 0) {
      version = store.append(append(stream, event("A"))).getVersion();
    }
  }

  // ---- saving

  @Test
  void what_is_saved_is_found_as_it_was_given() {
    String stream = stream(3);
    Instant before = Instant.now();

    Timestamp savedAt = save(stream, 2, "state at 2");

    assertThat(newest(stream))
        .isEqualTo(snapshot(stream, 2, "state at 2").setSavedAt(savedAt).build());
    assertThat(Instant.ofEpochSecond(savedAt.getSeconds(), savedAt.getNanos()))
        .isBetween(before.minusSeconds(1), Instant.now().plusSeconds(1));
  }

  @Test
  void the_smallest_and_the_largest_snapshot_come_back_exactly() {
    String stream = stream(1);
    byte[] large = new byte[4 * MIB];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) ((i * 31) >>> 3);
    }

    snapshots.saveSnapshot(of(Snapshot.newBuilder().setStream(stream).setVersion(1)));
    Snapshot smallest = newest(stream);
    snapshots.saveSnapshot(
        of(
            Snapshot.newBuilder()
                .setStream(stream)
                .setVersion(1)
                .setSchemaVersion(-1) // 2^32 - 1 on the wire
                .setContentType("é".repeat(128))
                .setData(ByteString.copyFrom(large))));
    Snapshot largest = newest(stream);

    assertThat(smallest.toBuilder().clearSavedAt().build())
        .isEqualTo(Snapshot.newBuilder().setStream(stream).setVersion(1).build());
    assertThat(largest.getData().toByteArray()).isEqualTo(large);
    assertThat(largest.getContentType()).isEqualTo("é".repeat(128));
    assertThat(largest.getSchemaVersion()).isEqualTo(-1);
  }

  @Test
  void a_snapshot_of_the_same_version_is_replaced() {
    String stream = stream(2);
    save(stream, 2, "first");

    Timestamp savedAt = save(stream, 2, "second");

    assertThat(newest(stream).getData().toStringUtf8()).isEqualTo("second");
    assertThat(list(stream, r -> r).getSnapshotsList())
        .containsExactly(snapshot(stream, 2, "").setSavedAt(savedAt).build());
  }

  @Test
  void when_a_snapshot_was_saved_is_the_servers_to_say() {
    String stream = stream(1);

    snapshots.saveSnapshot(
        of(snapshot(stream, 1, "x").setSavedAt(Timestamp.newBuilder().setSeconds(5))));

    assertThat(newest(stream).getSavedAt().getSeconds()).isGreaterThan(1_000_000_000);
  }

  @Test
  void streams_whose_names_begin_alike_have_their_own_snapshots() {
    String stream = stream(2);
    for (String other : List.of(stream + "x", stream + "-", stream + "é", "x" + stream)) {
      store.append(append(other, event("A"), event("B")));
      save(other, 2, "of another");
    }
    notFound(stream, r -> r);
    save(stream, 1, "own");

    assertThat(newest(stream).getData().toStringUtf8()).isEqualTo("own");
    assertThat(versions(stream)).containsExactly(1L);
    assertThat(delete(stream, 0)).isEqualTo(1);
    assertThat(newest(stream + "x").getData().toStringUtf8()).isEqualTo("of another");
  }

  private Refused refused(Snapshot.Builder snapshot) {
    return Refused.from(() -> snapshots.saveSnapshot(of(snapshot)));
  }

  @Test
  void a_snapshot_that_is_not_as_it_should_be_is_refused_with_the_field() {
    String stream = stream(2);
    Value json = Value.newBuilder().setBoolValue(true).build();
    Value nan = Value.newBuilder().setNumberValue(Double.NaN).build();
    Value large = Value.newBuilder().setStringValue("x".repeat(4 * MIB)).build();

    Refused.from(() -> snapshots.saveSnapshot(SaveSnapshotRequest.getDefaultInstance()))
        .isInvalid("snapshot");
    refused(snapshot("", 1, "x")).isInvalid("snapshot.stream");
    refused(snapshot("a\nb", 1, "x")).isInvalid("snapshot.stream");
    refused(snapshot("x".repeat(513), 1, "x")).isOverLimit("snapshot.stream", 512, 513);
    refused(snapshot(stream, 0, "x")).isInvalid("snapshot.version");
    refused(snapshot(stream, -1, "x")).isInvalid("snapshot.version");
    refused(snapshot(stream, 3, "x")).isInvalid("snapshot.version");
    refused(snapshot(stream, Long.MAX_VALUE, "x")).isInvalid("snapshot.version");
    refused(snapshot(stream, 1, "x").setContentType("a\nb")).isInvalid("snapshot.content_type");
    refused(snapshot(stream, 1, "x").setContentType("x".repeat(257)))
        .isOverLimit("snapshot.content_type", 256, 257);
    refused(snapshot(stream, 1, "x").setData(ByteString.copyFrom(new byte[4 * MIB + 1])))
        .isOverLimit("snapshot.data", 4 * MIB, 4 * MIB + 1);
    refused(snapshot(stream, 1, "x").setContentType("").setJson(json)).isInvalid("snapshot.json");
    refused(snapshot(stream, 1, "").setJson(json)).isInvalid("snapshot.content_type");
    refused(snapshot(stream, 1, "").setContentType("").setJson(nan)).isInvalid("snapshot.json");
    refused(snapshot(stream, 1, "").setContentType("").setJson(large))
        .isOverLimit("snapshot.json", 4 * MIB, 4 * MIB + 2);
    notFound(stream, r -> r);
  }

  @Test
  void a_stream_that_is_not_there_has_no_snapshots_and_takes_none() {
    String stream = freshStream();

    assertThat(refused(snapshot(stream, 1, "x")).has(Code.NOT_FOUND, "STREAM_NOT_FOUND").metadata())
        .containsEntry("stream", stream);
    assertThat(notFound(stream, r -> r).metadata()).containsExactly(Map.entry("stream", stream));
    assertThat(list(stream, r -> r)).isEqualTo(ListSnapshotsResponse.getDefaultInstance());
    assertThat(delete(stream, 0)).isZero();
  }

  @Test
  void the_newest_10_are_kept_whatever_the_order_of_their_saves() {
    String stream = stream(15);
    for (long version : new long[] {3, 15, 1, 2, 14, 13, 12, 4, 5, 6, 11, 10, 9, 8, 7}) {
      save(stream, version, "state at " + version);
    }
    save(stream, 2, "too old to be kept");

    assertThat(versions(stream)).isEqualTo(range(6, 15).reversed());
    assertThat(get(stream, r -> r.setVersion(6)).getVersion()).isEqualTo(6);
    notFound(stream, r -> r.setVersion(5));
  }

  @Test
  void how_many_are_kept_is_a_setting(@TempDir Path folder) throws Exception {
    String stream;
    try (TestServer server = TestServer.keepingSnapshots(folder, 0)) {
      var stub = SnapshotsGrpc.newBlockingStub(server.connect());
      stream = stream(EventStoreGrpc.newBlockingStub(server.connect()), 30);
      for (long version : range(1, 30)) {
        stub.saveSnapshot(of(snapshot(stream, version, "x")));
      }
      assertThat(versions(stub.listSnapshots(listing(stream)))).hasSize(30);
    }
    try (TestServer server = TestServer.keepingSnapshots(folder, 2)) {
      var stub = SnapshotsGrpc.newBlockingStub(server.connect());
      assertThat(versions(stub.listSnapshots(listing(stream)))).hasSize(30);
      stub.saveSnapshot(of(snapshot(stream, 29, "x")));
      assertThat(versions(stub.listSnapshots(listing(stream)))).containsExactly(30L, 29L);
    }
  }

  private static ListSnapshotsRequest listing(String stream) {
    return ListSnapshotsRequest.newBuilder().setStream(stream).build();
  }

  // ---- finding

  @Test
  void the_newest_at_or_before_a_version_is_found() {
    String stream = stream(9);
    save(stream, 3, "three");
    save(stream, 7, "seven");

    assertThat(newest(stream).getVersion()).isEqualTo(7);
    for (long version : new long[] {7, 8, 9, 10, Long.MAX_VALUE}) {
      assertThat(get(stream, r -> r.setVersion(version)).getVersion()).isEqualTo(7);
    }
    for (long version : new long[] {3, 4, 5, 6}) {
      assertThat(get(stream, r -> r.setVersion(version)).getVersion()).isEqualTo(3);
    }
    notFound(stream, r -> r.setVersion(2));
    notFound(stream, r -> r.setVersion(1));
    Refused.from(() -> get(stream, r -> r.setVersion(0))).isInvalid("version");
    Refused.from(() -> get(stream, r -> r.setVersion(-1))).isInvalid("version");
  }

  @Test
  void the_newest_whose_version_was_recorded_by_a_time_is_found() {
    String stream = stream(2);
    appendLater(stream);
    long later = store.append(append(stream, event("A"))).getVersion();
    save(stream, later, "later"); // saved first: when it was saved does not matter
    save(stream, 2, "earlier");
    Timestamp early = recordedAt(stream, 2);
    Timestamp late = recordedAt(stream, later);
    Timestamp between = recordedAt(stream, later - 1);

    assertThat(get(stream, r -> r.setTime(early)).getVersion()).isEqualTo(2);
    assertThat(get(stream, r -> r.setTime(late)).getVersion()).isEqualTo(later);
    assertThat(get(stream, r -> r.setTime(Timestamps.MAX_VALUE)).getVersion()).isEqualTo(later);
    if (Timestamps.compare(between, late) < 0) {
      assertThat(get(stream, r -> r.setTime(between)).getVersion()).isEqualTo(2);
    }
    Timestamp before = Timestamps.subtract(early, com.google.protobuf.util.Durations.fromNanos(1));
    notFound(stream, r -> r.setTime(before));
    Refused.from(() -> get(stream, r -> r.setTime(Timestamp.newBuilder().setNanos(1_000_000_000))))
        .isInvalid("time");
  }

  @Test
  void a_view_that_nobody_knows_is_refused() {
    String stream = stream(1);
    save(stream, 1, "x");

    Refused.from(() -> get(stream, r -> r.setPayloadViewValue(9))).isInvalid("payload_view");
  }

  // ---- json

  private static Value object(String name, double number) {
    return Value.newBuilder()
        .setStructValue(
            Struct.newBuilder().putFields(name, Value.newBuilder().setNumberValue(number).build()))
        .build();
  }

  @Test
  void a_state_given_as_json_is_text_and_comes_back_as_json_when_asked_for() {
    String stream = stream(1);
    snapshots.saveSnapshot(
        of(Snapshot.newBuilder().setStream(stream).setVersion(1).setJson(object("balance", 12.5))));

    Snapshot asBytes = newest(stream);
    Snapshot asJson = get(stream, r -> r.setPayloadView(PayloadView.PAYLOAD_VIEW_JSON));
    Snapshot read = load(stream, r -> r.setPayloadView(PayloadView.PAYLOAD_VIEW_JSON)).snapshot();

    assertThat(asBytes.getData().toStringUtf8()).isEqualTo("{\"balance\":12.5}");
    assertThat(asBytes.getContentType()).isEqualTo("application/json");
    assertThat(asBytes.hasJson()).isFalse();
    assertThat(asJson.getJson()).isEqualTo(object("balance", 12.5));
    assertThat(asJson.getData()).isEqualTo(ByteString.EMPTY);
    assertThat(read).isEqualTo(asJson);
  }

  @Test
  void a_state_that_is_not_json_is_bytes_under_either_view() {
    String stream = stream(1);
    save(stream, 1, "hello");

    assertThat(get(stream, r -> r.setPayloadView(PayloadView.PAYLOAD_VIEW_JSON)))
        .isEqualTo(newest(stream));
  }

  // ---- listing and deleting

  @Test
  void snapshots_are_listed_newest_first_without_their_states_page_by_page(@TempDir Path folder)
      throws Exception {
    try (TestServer server = TestServer.keepingSnapshots(folder, 0)) {
      var stub = SnapshotsGrpc.newBlockingStub(server.connect());
      String stream = stream(EventStoreGrpc.newBlockingStub(server.connect()), 205);
      for (long version : range(1, 205)) {
        stub.saveSnapshot(of(snapshot(stream, version, "state " + version)));
      }
      List<Long> byDefault = new ArrayList<>();
      List<Integer> sizes = new ArrayList<>();
      ListSnapshotsRequest request = listing(stream);
      do {
        ListSnapshotsResponse page = stub.listSnapshots(request);
        assertThat(page.getSnapshotsList())
            .allSatisfy(
                listed -> {
                  assertThat(listed.getData()).isEqualTo(ByteString.EMPTY);
                  assertThat(listed.getSchemaVersion()).isEqualTo(7);
                  assertThat(listed.getContentType()).isEqualTo("text/plain");
                  assertThat(listed.hasSavedAt()).isTrue();
                });
        byDefault.addAll(versions(page));
        sizes.add(page.getSnapshotsCount());
        request = request.toBuilder().setPageToken(page.getNextPageToken()).build();
      } while (!request.getPageToken().isEmpty());
      ListSnapshotsResponse whole =
          stub.listSnapshots(listing(stream).toBuilder().setPageSize(205).build());

      assertThat(byDefault).isEqualTo(range(1, 205).reversed());
      assertThat(sizes).containsExactly(100, 100, 5);
      assertThat(versions(whole)).isEqualTo(byDefault);
      assertThat(whole.getNextPageToken()).isEmpty();
    }
  }

  @Test
  void a_listing_goes_on_where_it_was_though_snapshots_come_and_go() {
    String stream = stream(9);
    for (long version : new long[] {2, 4, 6, 8}) {
      save(stream, version, "x");
    }
    ListSnapshotsResponse first = list(stream, r -> r.setPageSize(2));
    save(stream, 9, "newer");
    save(stream, 3, "between");
    delete(stream, 2);

    ListSnapshotsResponse second =
        list(stream, r -> r.setPageSize(2).setPageToken(first.getNextPageToken()));

    assertThat(versions(first)).containsExactly(8L, 6L);
    assertThat(versions(second)).containsExactly(4L, 3L);
    assertThat(second.getNextPageToken()).isEmpty();
  }

  @Test
  void a_listing_that_is_not_asked_for_as_it_should_be_is_refused() {
    String stream = stream(3);
    save(stream, 1, "x");
    save(stream, 2, "x");
    String token = list(stream, r -> r.setPageSize(1)).getNextPageToken();
    String other = stream(3);

    Refused.from(() -> list("", r -> r)).isInvalid("stream");
    Refused.from(() -> list(stream, r -> r.setPageSize(1001))).isOverLimit("page_size", 1000, 1001);
    Refused.from(() -> list(stream, r -> r.setPageSize(-1)))
        .isOverLimit("page_size", 1000, (1L << 32) - 1);
    Refused.from(() -> list(stream, r -> r.setPageToken("2"))).isInvalid("page_token");
    Refused.from(() -> list(stream, r -> r.setPageToken(token + "A"))).isInvalid("page_token");
    Refused.from(() -> list(other, r -> r.setPageToken(token))).isInvalid("page_token");
    Refused.from(
            () ->
                list(
                    stream, r -> r.setPageToken(PageToken.after(new byte[1], "snapshots", stream))))
        .isInvalid("page_token");
  }

  @Test
  void snapshots_are_deleted_up_to_a_version_or_all_and_events_stay() {
    String stream = stream(9);
    for (long version : new long[] {2, 4, 6, 8}) {
      save(stream, version, "x");
    }

    assertThat(delete(stream, 5)).isEqualTo(2);
    assertThat(versions(stream)).containsExactly(8L, 6L);
    assertThat(delete(stream, 5)).isZero();
    assertThat(delete(stream, 6)).isEqualTo(1);
    assertThat(delete(stream, 0)).isEqualTo(1);
    notFound(stream, r -> r);
    Loaded loaded = load(stream, r -> r);
    assertThat(loaded.hasSnapshot()).isFalse();
    assertThat(loaded.versions()).isEqualTo(range(1, 9));
    Refused.from(() -> delete("", 0)).isInvalid("stream");
    Refused.from(() -> delete(stream, -1)).isInvalid("up_to_version");
  }

  // ---- reading from a snapshot

  @Test
  void a_long_stream_is_loaded_from_its_newest_snapshot_in_one_call() {
    String stream = stream(12_000);
    save(stream, 5_000, "older");
    save(stream, 6_000, "state at 6000");

    Loaded loaded = load(stream, r -> r);

    assertThat(loaded.snapshot().getVersion()).isEqualTo(6_000);
    assertThat(loaded.snapshot().getData().toStringUtf8()).isEqualTo("state at 6000");
    assertThat(loaded.versions()).isEqualTo(range(6_001, 12_000));
    assertThat(loaded.pages()).hasSizeGreaterThan(1);
    assertThat(loaded.pages())
        .allSatisfy(
            page ->
                assertThat(page.getHeadPosition())
                    .isEqualTo(loaded.pages().getFirst().getHeadPosition())
                    .isPositive());
  }

  @Test
  void a_snapshot_of_the_last_version_comes_alone() {
    String stream = stream(3);
    save(stream, 3, "state at 3");

    Loaded loaded = load(stream, r -> r);

    assertThat(loaded.snapshot().getVersion()).isEqualTo(3);
    assertThat(loaded.versions()).isEmpty();
    assertThat(loaded.pages()).hasSize(1);
    assertThat(loaded.pages().getFirst().getHeadPosition()).isPositive();
  }

  @Test
  void without_a_snapshot_the_whole_stream_is_read() {
    String stream = stream(3);

    Loaded loaded = load(stream, r -> r);

    assertThat(loaded.hasSnapshot()).isFalse();
    assertThat(loaded.versions()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void a_snapshot_is_sent_only_to_who_asks_for_it() {
    String stream = stream(3);
    save(stream, 2, "x");

    Loaded loaded = load(stream, r -> r.setFromSnapshot(false));

    assertThat(loaded.hasSnapshot()).isFalse();
    assertThat(loaded.versions()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void a_limit_counts_events_only() {
    String stream = stream(9);
    save(stream, 4, "x");

    Loaded loaded = load(stream, r -> r.setLimit(2));

    assertThat(loaded.snapshot().getVersion()).isEqualTo(4);
    assertThat(loaded.versions()).containsExactly(5L, 6L);
  }

  @Test
  void a_read_as_of_a_time_starts_from_what_was_known_then() {
    String stream = stream(2);
    Timestamp early = recordedAt(stream, 2);
    appendLater(stream);
    long later = store.append(append(stream, event("A"))).getVersion();
    save(stream, later, "later");
    save(stream, 1, "earlier");

    Loaded then = load(stream, r -> r.setAsOf(early));
    Loaded before =
        load(
            stream,
            r ->
                r.setAsOf(
                    Timestamps.subtract(early, com.google.protobuf.util.Durations.fromNanos(1))));

    assertThat(then.snapshot().getVersion()).isEqualTo(1);
    assertThat(then.versions()).containsExactly(2L);
    assertThat(before.hasSnapshot()).isFalse();
    assertThat(before.versions()).isEmpty();
    assertThat(load(stream, r -> r).snapshot().getVersion()).isEqualTo(later);
  }

  @Test
  void a_read_from_a_snapshot_waits_for_a_position() throws Exception {
    String stream = stream(2);
    save(stream, 2, "x");
    long next = running.server().headPosition() + 1;
    Wire.Answers<ReadStreamResponse> answers = new Wire.Answers<>();
    EventStoreGrpc.newStub(running.channel())
        .readStream(
            ReadStreamRequest.newBuilder()
                .setStream(stream)
                .setFromSnapshot(true)
                .setNotBeforePosition(next)
                .build(),
            answers);

    store.append(append(stream, event("A")));

    assertThat(answers.end()).isNull();
    assertThat(answers.received().getFirst().getSnapshot().getVersion()).isEqualTo(2);
    assertThat(answers.received().getFirst().getEvents(0).getVersion()).isEqualTo(3);
  }

  @Test
  void a_snapshot_stands_for_the_beginning_and_goes_with_no_other_start() {
    String stream = stream(2);

    Refused backwards =
        Refused.from(() -> load(stream, r -> r.setBackwards(true))).isInvalid("from_snapshot");
    Refused version =
        Refused.from(() -> load(stream, r -> r.setFromVersion(1))).isInvalid("from_snapshot");

    assertThat(backwards.sentence()).contains("backwards");
    assertThat(version.sentence()).contains("from_version");
    Refused.from(() -> load(freshStream(), r -> r)).has(Code.NOT_FOUND, "STREAM_NOT_FOUND");
  }

  // ---- the server's life

  @Test
  void snapshots_survive_a_stop(@TempDir Path folder) throws Exception {
    String stream;
    try (TestServer server = TestServer.start(folder)) {
      stream = stream(EventStoreGrpc.newBlockingStub(server.connect()), 3);
      SnapshotsGrpc.newBlockingStub(server.connect())
          .saveSnapshot(of(snapshot(stream, 2, "state at 2")));
    }
    try (TestServer server = TestServer.start(folder)) {
      ReadStreamResponse first =
          EventStoreGrpc.newBlockingStub(server.connect())
              .readStream(
                  ReadStreamRequest.newBuilder().setStream(stream).setFromSnapshot(true).build())
              .next();

      assertThat(first.getSnapshot().getData().toStringUtf8()).isEqualTo("state at 2");
      assertThat(first.getEventsList()).extracting(RecordedEvent::getVersion).containsExactly(3L);
    }
  }

  @Test
  void damaged_snapshots_keep_no_server_from_starting_and_no_stream_from_being_read(
      @TempDir Path folder) throws Exception {
    String stream;
    try (TestServer server = TestServer.start(folder)) {
      stream = stream(EventStoreGrpc.newBlockingStub(server.connect()), 3);
      SnapshotsGrpc.newBlockingStub(server.connect())
          .saveSnapshot(of(snapshot(stream, 2, "state at 2")));
    }
    Files.writeString(folder.resolve("snapshots/CURRENT"), "nonsense");
    try (TestServer server = TestServer.start(folder)) {
      var stub = SnapshotsGrpc.newBlockingStub(server.connect());
      ReadStreamResponse first =
          EventStoreGrpc.newBlockingStub(server.connect())
              .readStream(
                  ReadStreamRequest.newBuilder().setStream(stream).setFromSnapshot(true).build())
              .next();

      assertThat(first.hasSnapshot()).isFalse();
      assertThat(first.getEventsCount()).isEqualTo(3);
      stub.saveSnapshot(of(snapshot(stream, 3, "state at 3")));
      assertThat(versions(stub.listSnapshots(listing(stream)))).containsExactly(3L);
    }
  }
}
