package io.varve.client.conformance;

import static io.varve.client.conformance.StreamLifeConformance.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.SnapshotInfo;
import io.varve.client.streams.StreamNotFoundException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Cached folds of streams, and reads that start from them. */
abstract class SnapshotConformance extends SnapshotTests {

  // ---- saving

  @Test
  void a_snapshot_comes_back_exactly_as_it_was_saved() {
    given(ACCOUNT, 3);
    byte[] everyByte = new byte[256];
    for (int i = 0; i < everyByte.length; i++) {
      everyByte[i] = (byte) i;
    }
    Snapshot saved =
        Snapshot.builder(ACCOUNT, 2)
            .schemaVersion(7)
            .contentType("application/x-custom")
            .data(everyByte)
            .build();

    Instant savedAt = store.snapshots().save(saved);

    assertThat(store.snapshots().newest(ACCOUNT))
        .contains(saved.toBuilder().savedAt(savedAt).build());
  }

  @Test
  void a_snapshot_may_have_nothing_but_its_place() {
    given(ACCOUNT, 1);

    store.snapshots().save(Snapshot.builder(ACCOUNT, 1).build());

    Snapshot bare = store.snapshots().newest(ACCOUNT).orElseThrow();
    assertThat(bare.dataLength()).isZero();
    assertThat(bare.contentType()).isEmpty();
    assertThat(bare.schemaVersion()).isZero();
  }

  @Test
  void a_snapshot_of_the_same_stream_and_version_is_replaced() {
    given(ACCOUNT, 3);
    save(2);

    store.snapshots().save(Snapshot.of(ACCOUNT, 2, "new".getBytes(StandardCharsets.UTF_8)));

    assertThat(listed()).containsExactly(2L);
    assertThat(store.snapshots().newest(ACCOUNT).orElseThrow().dataAsString()).isEqualTo("new");
  }

  @Test
  void a_snapshot_is_not_ahead_of_its_stream() {
    given(ACCOUNT, 3);
    save(3);

    assertInvalid("snapshot.version", () -> store.snapshots().save(snapshot(4)));
    assertInvalid("snapshot.version", () -> store.snapshots().save(snapshot(0)));
    assertThat(listed()).containsExactly(3L);
  }

  @Test
  void a_stream_that_is_not_there_has_no_snapshots() {
    given("account-421", 1);

    StreamNotFoundException refusal =
        refusal(StreamNotFoundException.class, () -> store.snapshots().save(snapshot(1)));
    assertThat(refusal.stream()).isEqualTo(ACCOUNT);
    assertThat(store.snapshots().newest(ACCOUNT)).isEmpty();
    assertThat(listed()).isEmpty();
    assertThat(store.snapshots().delete(ACCOUNT)).isZero();
  }

  @Test
  void a_snapshot_has_at_most_4_mib_and_its_content_type_256_bytes() {
    given(ACCOUNT, 1);
    store.snapshots().save(Snapshot.of(ACCOUNT, 1, new byte[4 << 20]));
    assertThat(store.snapshots().newest(ACCOUNT).orElseThrow().dataLength()).isEqualTo(4 << 20);

    assertInvalid(
        "snapshot.data",
        () -> store.snapshots().save(Snapshot.of(ACCOUNT, 1, new byte[(4 << 20) + 1])));
    assertInvalid(
        "snapshot.content_type",
        () ->
            store
                .snapshots()
                .save(Snapshot.builder(ACCOUNT, 1).contentType("x".repeat(257)).build()));
  }

  @Test
  void a_streams_name_is_checked() {
    given(ACCOUNT, 1);

    for (String wrong : List.of("", "a\nb", "x".repeat(513))) {
      assertInvalid("stream", () -> store.snapshots().save(Snapshot.of(wrong, 1, new byte[1])));
      assertInvalid("stream", () -> store.snapshots().newest(wrong));
      assertInvalid("stream", () -> store.snapshots().newestAt(wrong, 1));
      assertInvalid("stream", () -> store.snapshots().newestAt(wrong, Instant.EPOCH));
      assertInvalid("stream", () -> store.snapshots().list(wrong).forEach(found -> {}));
      assertInvalid("stream", () -> store.snapshots().delete(wrong));
    }
  }

  @Test
  void saving_a_snapshot_changes_no_event() {
    given(ACCOUNT, 3);
    List<RecordedEvent> before = read(ReadLog.all());

    save(1, 2, 3);

    assertThat(read(ReadLog.all())).isEqualTo(before);
  }

  // ---- finding

  @Test
  void the_newest_snapshot_is_the_one_of_the_highest_version_whenever_it_was_saved() {
    given(ACCOUNT, 9);

    save(3, 8, 5);

    assertThat(version(store.snapshots().newest(ACCOUNT))).contains(8L);
  }

  @Test
  void the_newest_snapshot_up_to_a_version_is_found() {
    given(ACCOUNT, 9);
    save(3, 5, 8);

    assertThat(version(store.snapshots().newestAt(ACCOUNT, 9))).contains(8L);
    assertThat(version(store.snapshots().newestAt(ACCOUNT, 8))).contains(8L);
    assertThat(version(store.snapshots().newestAt(ACCOUNT, 7))).contains(5L);
    assertThat(version(store.snapshots().newestAt(ACCOUNT, 3))).contains(3L);
    assertThat(store.snapshots().newestAt(ACCOUNT, 2)).isEmpty();
    assertThat(version(store.snapshots().newestAt(ACCOUNT, Long.MAX_VALUE))).contains(8L);
    assertInvalid("version", () -> store.snapshots().newestAt(ACCOUNT, 0));
  }

  @Test
  void the_newest_snapshot_as_of_a_time_is_that_of_a_version_recorded_by_then() {
    AppendResult first = givenOne(ACCOUNT, "First");
    AppendResult between = untilLaterThan(first.recordedAt());
    untilLaterThan(between.recordedAt());
    AppendResult second = givenOne(ACCOUNT, "Second");
    save(1, 2); // both are saved later; what counts is when their versions were recorded

    assertThat(version(store.snapshots().newestAt(ACCOUNT, second.recordedAt()))).contains(2L);
    assertThat(version(store.snapshots().newestAt(ACCOUNT, between.recordedAt()))).contains(1L);
    assertThat(version(store.snapshots().newestAt(ACCOUNT, first.recordedAt()))).contains(1L);
    assertThat(store.snapshots().newestAt(ACCOUNT, first.recordedAt().minusNanos(1))).isEmpty();
  }

  @Test
  void a_stream_without_a_snapshot_has_none() {
    given(ACCOUNT, 3);
    given(OTHER, 3);
    store.snapshots().save(Snapshot.of(OTHER, 2, new byte[1]));

    assertThat(store.snapshots().newest(ACCOUNT)).isEmpty();
    assertThat(listed()).isEmpty();
    assertThat(version(store.snapshots().newest(OTHER))).contains(2L);
  }

  @Test
  void snapshots_are_listed_newest_first_with_everything_but_their_data() {
    given(ACCOUNT, 9);
    given("account-421", 9);
    store.snapshots().save(Snapshot.of("account-421", 9, new byte[1]));
    Instant savedAt =
        store
            .snapshots()
            .save(Snapshot.builder(ACCOUNT, 4).schemaVersion(2).contentType("text/x").build());
    save(9, 2);

    List<SnapshotInfo> list = store.snapshots().list(ACCOUNT).toList();

    assertThat(list.stream().map(SnapshotInfo::version)).containsExactly(9L, 4L, 2L);
    assertThat(list.get(1)).isEqualTo(new SnapshotInfo(ACCOUNT, 4, 2, "text/x", savedAt));
  }

  @Test
  void the_newest_ten_snapshots_of_a_stream_are_kept() {
    given(ACCOUNT, 20);
    given(OTHER, 1);
    store.snapshots().save(Snapshot.of(OTHER, 1, new byte[1]));

    save(LongStream.rangeClosed(1, 15).toArray());

    assertThat(listed()).containsExactly(15L, 14L, 13L, 12L, 11L, 10L, 9L, 8L, 7L, 6L);
    assertThat(store.snapshots().list(OTHER)).hasSize(1);
  }

  // ---- deleting

  @Test
  void snapshots_are_deleted_all_or_up_to_a_version_and_counted() {
    given(ACCOUNT, 9);
    save(2, 4, 6, 8);

    assertThat(store.snapshots().deleteUpTo(ACCOUNT, 4)).isEqualTo(2);
    assertThat(listed()).containsExactly(8L, 6L);
    assertThat(store.snapshots().deleteUpTo(ACCOUNT, 5)).isZero();
    assertThat(store.snapshots().delete(ACCOUNT)).isEqualTo(2);
    assertThat(listed()).isEmpty();
    assertThat(store.snapshots().delete(ACCOUNT)).isZero();
    assertThat(read(ReadStream.of(ACCOUNT))).hasSize(9);
    assertInvalid("up_to_version", () -> store.snapshots().deleteUpTo(ACCOUNT, 0));
  }

  // ---- reads from a snapshot

  @Test
  void a_read_from_the_snapshot_has_the_newest_and_the_events_after_it() {
    given(ACCOUNT, 6);
    save(2, 4);

    assertThat(load(FROM_SNAPSHOT)).isEqualTo(new Loaded(Optional.of(4L), List.of(5L, 6L)));
    try (EventReader reader = store.readStream(FROM_SNAPSHOT)) {
      assertThat(reader.snapshot()).isEqualTo(store.snapshots().newest(ACCOUNT));
      assertThat(reader.headPosition()).isEqualTo(6);
    }
  }

  @Test
  void a_read_from_the_snapshot_of_a_stream_without_one_has_the_whole_stream() {
    given(ACCOUNT, 3);

    assertThat(load(FROM_SNAPSHOT)).isEqualTo(new Loaded(Optional.empty(), List.of(1L, 2L, 3L)));
  }

  @Test
  void a_read_from_a_snapshot_of_the_last_version_has_no_events() {
    given(ACCOUNT, 3);
    save(3);

    assertThat(load(FROM_SNAPSHOT)).isEqualTo(new Loaded(Optional.of(3L), List.of()));
  }

  @Test
  void a_read_that_does_not_ask_for_a_snapshot_gets_none() {
    given(ACCOUNT, 3);
    save(2);

    assertThat(load(ReadStream.of(ACCOUNT)))
        .isEqualTo(new Loaded(Optional.empty(), List.of(1L, 2L, 3L)));
  }

  @Test
  void a_limit_counts_the_events_after_the_snapshot() {
    given(ACCOUNT, 6);
    save(2);

    assertThat(load(FROM_SNAPSHOT.limit(2)))
        .isEqualTo(new Loaded(Optional.of(2L), List.of(3L, 4L)));
  }

  @Test
  void a_read_from_the_snapshot_as_of_a_time_has_the_newest_of_a_version_recorded_by_then() {
    AppendResult first = givenOne(ACCOUNT, "First");
    given(ACCOUNT, 1);
    AppendResult between = untilLaterThan(read(ReadStream.of(ACCOUNT)).getLast().recordedAt());
    untilLaterThan(between.recordedAt());
    given(ACCOUNT, 2);
    save(1, 3);

    assertThat(load(FROM_SNAPSHOT.asOf(between.recordedAt())))
        .isEqualTo(new Loaded(Optional.of(1L), List.of(2L)));
    assertThat(load(FROM_SNAPSHOT.asOf(first.recordedAt().minusNanos(1))))
        .isEqualTo(new Loaded(Optional.empty(), List.of()));
    assertThat(load(FROM_SNAPSHOT)).isEqualTo(new Loaded(Optional.of(3L), List.of(4L)));
  }

  @Test
  void a_read_from_the_snapshot_goes_only_forwards_and_from_nowhere_else() {
    given(ACCOUNT, 3);

    assertInvalid("from_snapshot", () -> store.readStream(FROM_SNAPSHOT.backwards()).close());
    assertInvalid("from_snapshot", () -> store.readStream(FROM_SNAPSHOT.fromVersion(2)).close());
  }

  @Test
  void a_read_from_the_snapshot_of_a_stream_that_never_was_is_refused_as_any_read() {
    given(OTHER, 2);

    refusal(StreamNotFoundException.class, () -> load(FROM_SNAPSHOT));
  }

  @Test
  void a_long_stream_loads_from_its_snapshot_in_one_read() {
    given(ACCOUNT, 5_000);
    save(4_000);

    Loaded loaded = load(FROM_SNAPSHOT);

    assertThat(loaded.snapshot()).contains(4_000L);
    assertThat(loaded.versions()).hasSize(1_000).startsWith(4_001L).endsWith(5_000L);
  }
}
