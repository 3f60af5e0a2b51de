package io.varve.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.streams.ReadStream;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamNotFoundException;
import io.varve.client.streams.StreamTombstonedException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What becomes of snapshots when their stream is deleted, closed, or kept in part only. */
abstract class SnapshotLifeConformance extends SnapshotTests {

  @Test
  void a_deleted_streams_snapshots_are_gone_also_when_it_is_reopened() {
    given(ACCOUNT, 5);
    save(3, 5);

    store.streams().delete(ACCOUNT);

    assertThat(store.snapshots().newest(ACCOUNT)).isEmpty();
    assertThat(listed()).isEmpty();
    refusal(StreamNotFoundException.class, () -> store.snapshots().save(snapshot(5)));
    given(ACCOUNT, 2);
    assertThat(store.snapshots().newest(ACCOUNT)).isEmpty();
    assertThat(listed()).isEmpty();
    save(6);
    assertThat(listed()).containsExactly(6L);
  }

  @Test
  void a_stream_that_is_closed_for_ever_has_and_takes_no_snapshots() {
    given(ACCOUNT, 5);
    save(5);

    store.streams().tombstone(ACCOUNT);

    refusal(StreamTombstonedException.class, () -> store.snapshots().save(snapshot(5)));
    assertThat(store.snapshots().newest(ACCOUNT)).isEmpty();
    assertThat(listed()).isEmpty();
  }

  @Test
  void a_snapshot_counts_as_long_as_every_event_after_it_is_kept() {
    given(ACCOUNT, 9);
    save(2, 4, 6);

    store.streams().truncate(ACCOUNT, 5);

    assertThat(listed()).containsExactly(6L, 4L);
    assertThat(version(store.snapshots().newestAt(ACCOUNT, 4))).contains(4L);
    assertThat(store.snapshots().newestAt(ACCOUNT, 3)).isEmpty();
    store.streams().setRetention(ACCOUNT, Retention.newest(1));
    assertThat(listed()).isEmpty();
  }

  @Test
  void a_read_from_the_snapshot_of_a_stream_that_is_not_there_is_refused_as_any_read() {
    given(OTHER, 2);
    store.streams().delete(OTHER);
    store.streams().tombstone("closed");

    refusal(StreamNotFoundException.class, () -> load(FROM_SNAPSHOT));
    refusal(StreamNotFoundException.class, () -> load(ReadStream.of(OTHER).fromSnapshot()));
    refusal(StreamTombstonedException.class, () -> load(ReadStream.of("closed").fromSnapshot()));
  }

  @Test
  void a_read_from_the_snapshot_of_a_truncated_stream_has_one_that_the_kept_events_follow() {
    given(ACCOUNT, 6);
    save(2, 4);

    store.streams().truncate(ACCOUNT, 5);
    assertThat(load(FROM_SNAPSHOT)).isEqualTo(new Loaded(Optional.of(4L), List.of(5L, 6L)));
    store.streams().truncate(ACCOUNT, 6);
    assertThat(load(FROM_SNAPSHOT)).isEqualTo(new Loaded(Optional.empty(), List.of(6L)));
  }
}
