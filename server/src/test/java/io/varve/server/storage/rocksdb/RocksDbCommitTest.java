package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.event.Tracking;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.EngineFigures;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.Head;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.LRUCache;

/** The order in which a commit is written: log, mark, index, head; and what a failure leaves. */
class RocksDbCommitTest {
  private static final StreamId STREAM = new StreamId("account-1");
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000);

  /** A segment has two events. */
  private static final IndexBounds SMALL = new IndexBounds(2, 1 << 20, 10, 10);

  @TempDir private Path temp;

  private final Head head = new Head(0);
  private final TermSegments segments = new TermSegments(1, SMALL);
  private LRUCache cache;
  private LogDatabase log;
  private HeadMark mark;
  private IndexDatabase index;
  private long lastPosition;

  @BeforeEach
  void open() {
    NativeLibrary.load(FolderPart.NATIVE.in(temp));
    StorageSettings settings = StorageSettings.defaults();
    cache = new LRUCache(1 << 20);
    log = LogDatabase.open(FolderPart.LOG.in(temp), settings, cache, new UUID(1, 1));
    mark = HeadMark.open(FolderPart.HEAD.in(temp));
    index = IndexDatabase.open(FolderPart.INDEX.in(temp), settings, cache);
  }

  @AfterEach
  void close() {
    index.close();
    log.close();
    mark.close();
    cache.close();
  }

  @Test
  void each_commit_is_synced_once_before_its_write_returns() {
    double before = syncs(log.figures());
    for (int i = 1; i <= 5; i++) {
      commit(i).write();

      assertThat(syncs(log.figures()) - before).isEqualTo(i);
    }
    assertThat(syncs(index.figures())).isZero();
  }

  @Test
  void progress_without_events_is_synced_too() {
    double before = syncs(log.figures());
    RocksDbCommit commit = commit(0);
    commit.track(new Tracking("consumer", 7));

    commit.write();

    assertThat(syncs(log.figures()) - before).isEqualTo(1);
  }

  @Test
  void what_the_head_has_reached_is_in_the_log_under_the_mark_and_in_the_index() {
    List<Object> seen = new ArrayList<>();
    RocksDbCommit commit = commit(8);
    head.whenReached(
        8,
        () -> {
          seen.add(log.lastPosition());
          seen.add(HeadMark.in(FolderPart.HEAD.in(temp)));
          seen.add(index.streamHead(STREAM).version());
          seen.add(index.placeOf(id(8)));
          // What is above the head is looked for in memory, until it is below.
          seen.add(segments.held().getFirst().firstPosition());
        });

    commit.write();

    assertThat(seen).containsExactly(8L, 8L, 8L, new EventPlace(8, 1, 8), 1L);
    assertThat(segments.held().getFirst().firstPosition()).isGreaterThan(1);
  }

  @Test
  void a_commit_that_the_log_does_not_take_is_nowhere() {
    commit(1).write();
    RocksDbCommit commit = commit(2);
    log.close();

    assertThatThrownBy(commit::write).isInstanceOf(IllegalStateException.class);

    assertThat(head.position()).isEqualTo(1);
    assertThat(HeadMark.in(FolderPart.HEAD.in(temp))).isEqualTo(1);
    assertThat(index.placeOf(id(2))).isNull();
    assertThat(index.streamHead(STREAM).version()).isEqualTo(1);
  }

  @Test
  void a_commit_that_the_index_does_not_take_is_seen_by_nobody() {
    commit(1).write();
    RocksDbCommit commit = commit(2);
    index.close();

    assertThatThrownBy(commit::write).isInstanceOf(IllegalStateException.class);

    assertThat(head.position()).isEqualTo(1);
    assertThat(log.lastPosition()).isEqualTo(3); // the next start finds it there
  }

  @Test
  void a_commit_that_does_not_follow_the_head_is_not_written() {
    RocksDbCommit first = commit(1);
    RocksDbCommit second = commit(1);

    assertThatThrownBy(second::write)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a commit from position 2 does not follow the head at 0");

    assertThat(log.lastPosition()).isZero();
    first.write();
    second.write();
    assertThat(log.lastPosition()).isEqualTo(2);
  }

  /** A commit of the next events. */
  private RocksDbCommit commit(int events) {
    RocksDbCommit commit = new RocksDbCommit(log, mark, index, segments, head);
    for (int i = 0; i < events; i++) {
      long position = ++lastPosition;
      NewEvent event =
          new NewEvent(id(position), false, "T", new byte[] {1}, "", Map.of(), List.of(), null);
      commit.add(
          new AssignedEvent(
              STREAM,
              1,
              position,
              position,
              TIME,
              event.id(),
              event.type(),
              event.tags(),
              EventCodec.encodeBody(STREAM, event)));
    }
    return commit;
  }

  private static UUID id(long position) {
    return new UUID(7, position);
  }

  private static double syncs(EngineFigures figures) {
    Double syncs = figures.counters().get("wal_syncs");
    return syncs == null ? Double.NaN : syncs;
  }
}
