package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventCodec;
import io.varve.server.storage.EventRun;
import io.varve.server.storage.EventRunBuilder;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class ChunkTest {
  private static final long FIRST = 1_000_000;
  private final EventRun run = run();
  private final byte[] key = Keys.ofLong(FIRST);
  private final byte[] value = valueOf(run);

  @Test
  void a_chunk_is_read_as_it_was_written() {
    EventRun read = requireNonNull(Chunk.read(key, value).run());

    assertThat(read.count()).isEqualTo(3);
    assertThat(read.firstPosition()).isEqualTo(FIRST);
    assertThat(read.lastPosition()).isEqualTo(FIRST + 2);
    assertThat(read.events().stream().map(EncodedEvent::position))
        .containsExactly(FIRST, FIRST + 1, FIRST + 2);
    assertThat(Arrays.copyOfRange(read.bytes(), read.offset(), read.offset() + read.length()))
        .isEqualTo(Arrays.copyOfRange(run.bytes(), run.offset(), run.offset() + run.length()));
  }

  @Test
  void a_chunk_with_holes_covers_the_same_positions_with_fewer_events() {
    Chunk whole = Chunk.read(key, value);
    List<EncodedEvent> events = whole.events();

    Chunk middle = Chunk.read(key, whole.with(events.subList(1, 2)));
    Chunk none = Chunk.read(key, middle.with(List.of()));

    assertThat(middle.firstPosition()).isEqualTo(FIRST);
    assertThat(middle.lastPosition()).isEqualTo(FIRST + 2);
    assertThat(middle.events().stream().map(EncodedEvent::position)).containsExactly(FIRST + 1);
    assertThat(requireNonNull(middle.run()).firstPosition()).isEqualTo(FIRST + 1);
    assertThat(middle.clip(FIRST, FIRST)).isNull();
    assertThat(none.lastPosition()).isEqualTo(FIRST + 2);
    assertThat(none.events()).isEmpty();
    assertThat(none.clip(FIRST, FIRST + 2)).isNull();
  }

  @Test
  void a_chunk_with_holes_has_a_format_of_its_own_and_a_whole_one_never_has_that() {
    byte[] holed = Chunk.read(key, value).with(List.of());

    assertThat(holed[0]).isEqualTo((byte) 2);
    assertThat(value[0]).isEqualTo((byte) 1);
    for (byte[] each : List.of(holed, value)) {
      byte[] swapped = each.clone();
      swapped[0] ^= 3;
      assertThatThrownBy(() -> Chunk.read(key, swapped)).isInstanceOf(DamagedDataException.class);
    }
  }

  @Test
  void every_flipped_bit_is_noticed() {
    everyFlippedBitIsNoticed(value);
    everyFlippedBitIsNoticed(
        Chunk.read(key, value).with(Chunk.read(key, value).events().subList(1, 3)));
  }

  private void everyFlippedBitIsNoticed(byte[] value) {
    for (int bit = 0; bit < value.length * 8; bit++) {
      byte[] damaged = value.clone();
      damaged[bit / 8] ^= (byte) (1 << (bit % 8));
      assertThatThrownBy(() -> Chunk.read(key, damaged))
          .isInstanceOfSatisfying(
              DamagedDataException.class, damage -> assertThat(damage.position()).isEqualTo(FIRST));
    }
  }

  @Test
  void only_what_is_sound_is_taken_for_a_chunk_of_whole_events_where_it_lies() {
    CRC32C crc = new CRC32C();
    byte[] behind = new byte[100 + value.length];
    System.arraycopy(value, 0, behind, 100, value.length);

    assertThat(Chunk.lastOfWhole(key, behind, 100, value.length, crc)).isEqualTo(FIRST + 2);
    for (int bit = 0; bit < value.length * 8; bit++) {
      byte[] damaged = behind.clone();
      damaged[100 + bit / 8] ^= (byte) (1 << (bit % 8));
      assertThat(Chunk.lastOfWhole(key, damaged, 100, value.length, crc)).isZero();
    }
    for (int length = 0; length < value.length; length++) {
      assertThat(Chunk.lastOfWhole(key, behind, 100, length, crc)).isZero();
    }
    assertThat(Chunk.lastOfWhole(Keys.ofLong(FIRST + 1), behind, 100, value.length, crc)).isZero();
    byte[] holed = Chunk.read(key, value).with(Chunk.read(key, value).events().subList(1, 3));
    assertThat(Chunk.lastOfWhole(key, holed, 0, holed.length, crc)).isZero();
  }

  @Test
  void a_chunk_of_any_other_length_is_noticed() {
    for (int length = 0; length < value.length; length++) {
      byte[] cut = Arrays.copyOf(value, length);
      assertThatThrownBy(() -> Chunk.read(key, cut)).isInstanceOf(DamagedDataException.class);
    }
    byte[] longer = Arrays.copyOf(value, value.length + 1);
    assertThatThrownBy(() -> Chunk.read(key, longer)).isInstanceOf(DamagedDataException.class);
  }

  @Test
  void a_chunk_under_another_key_is_noticed() {
    for (int bit = 0; bit < 64; bit++) {
      byte[] other = Keys.ofLong(FIRST ^ (1L << bit));
      assertThatThrownBy(() -> Chunk.read(other, value)).isInstanceOf(DamagedDataException.class);
    }
  }

  @Test
  void a_key_of_another_length_is_noticed() {
    assertThatThrownBy(() -> Chunk.read(new byte[7], value))
        .isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(() -> Chunk.read(Arrays.copyOf(key, 9), value))
        .isInstanceOf(DamagedDataException.class);
  }

  private static byte[] valueOf(EventRun run) {
    byte[] header = Chunk.header(run);
    byte[] value = Arrays.copyOf(header, header.length + run.length());
    System.arraycopy(run.bytes(), run.offset(), value, header.length, run.length());
    return value;
  }

  private static EventRun run() {
    StreamId stream = new StreamId("account-1");
    RandomEvents events = new RandomEvents(7);
    EventRunBuilder builder = new EventRunBuilder(0);
    for (int i = 0; i < 3; i++) {
      NewEvent event = events.next("T", List.of("tag"));
      builder.add(
          EventCodec.encodeHeader(FIRST + i, 1 + i, Instant.EPOCH),
          EventCodec.encodeBody(
              stream,
              new NewEvent(
                  event.id(), false, "T", new byte[] {1, 2, 3}, "", Map.of(), event.tags(), null)),
          FIRST + i);
    }
    return builder.build();
  }
}
