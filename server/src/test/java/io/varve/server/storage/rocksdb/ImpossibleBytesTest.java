package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.StreamId;
import io.varve.server.event.StreamState;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.snapshot.Snapshot;
import io.varve.server.snapshot.SnapshotSummary;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What {@link StoredBytesFuzzTest} has found, one by one: bytes that pass their checksum, or have
 * none, and say what cannot be. Each is damage, and no other exception.
 */
class ImpossibleBytesTest {
  private static final Instant TIME = Instant.ofEpochSecond(1_700_000_000, 1);
  private static final byte[] KEY = Keys.ofLong(7);

  private static void isDamage(ThrowingCallable reading) {
    assertThatThrownBy(reading).isInstanceOf(DamagedDataException.class);
  }

  private static byte[] with(byte[] value, int offset, long number) {
    ByteBuffer.wrap(value).putLong(offset, number);
    return value;
  }

  private static byte[] with(byte[] value, int offset, int number) {
    ByteBuffer.wrap(value).putInt(offset, number);
    return value;
  }

  /** With its checksum as it should be. */
  private static byte[] checked(byte[] key, byte[] value) {
    CRC32C crc = new CRC32C();
    if (value[0] == 3) {
      crc.update(3);
    }
    crc.update(key);
    crc.update(value, 5, value.length - 5);
    return with(value, 1, (int) crc.getValue());
  }

  @Test
  void times_that_no_clock_can_show() {
    for (long seconds : new long[] {Long.MAX_VALUE, Long.MIN_VALUE}) {
      isDamage(() -> StreamName.decode(with(new byte[20], 8, seconds)));
      isDamage(() -> LogDatabase.toCreatedAt(with(new byte[12], 0, seconds)));
      isDamage(
          () ->
              StoredState.decode(
                  with(new StoredState(StreamState.UNTOUCHED, 1, 1, TIME).encode(), 53, seconds)));
      byte[] segment = new byte[1 + 4 * 8 + 3 * 12 + 32];
      segment[0] = 1;
      isDamage(() -> StoredSegment.decode(7, with(segment, 1 + 4 * 8, seconds)));
    }
    isDamage(() -> StreamName.decode(with(new byte[20], 16, -1)));
  }

  @Test
  void a_snapshot_saved_at_no_time() {
    StreamId stream = new StreamId("a-1");
    byte[] key = SnapshotBytes.key(stream, 3);
    byte[] value =
        SnapshotBytes.value(
            key, new Snapshot(stream, new SnapshotSummary(3, 1, "", TIME), new byte[4]));

    isDamage(
        () -> SnapshotBytes.toSnapshot(stream, key, checked(key, with(value, 9, Long.MAX_VALUE))));
  }

  @Test
  void a_key_too_short_for_what_it_is_of() {
    for (int length = 0; length < 9; length++) {
      byte[] key = new byte[length];
      isDamage(() -> TrackingHistory.sourceOf(key));
      isDamage(() -> Postings.termOf(key));
    }
  }

  @Test
  void a_chunk_of_more_events_than_there_is_memory_for() {
    EventRun run = run();
    byte[] value = Arrays.copyOf(Chunk.header(run), Chunk.HEADER_BYTES + run.length());
    System.arraycopy(run.bytes(), run.offset(), value, Chunk.HEADER_BYTES, run.length());
    value[0] = 2;
    for (int count : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
      isDamage(() -> Chunk.read(KEY, checked(KEY, with(value, 5, count))));
    }
  }

  @Test
  void outlines_of_less_than_no_bytes() {
    EventRun run = run();
    byte[] frames = Arrays.copyOfRange(run.bytes(), run.offset(), run.offset() + run.length());
    byte[] value = Chunk.ofOutlines(7, 7, 1, frames);

    isDamage(() -> Chunk.read(KEY, checked(KEY, with(value, Chunk.HEADER_BYTES, -1))));
  }

  private static EventRun run() {
    RandomEvents events = new RandomEvents(1);
    EventRunBuilder builder = new EventRunBuilder(0);
    builder.add(
        EventCodec.encodeHeader(7, 1, TIME),
        EventCodec.encodeBody(events.stream(), events.next()),
        7);
    return builder.build();
  }
}
