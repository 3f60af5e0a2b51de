package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventPlace;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeysTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void keys_lie_in_the_order_of_their_numbers(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      long a = number(random);
      long b = random.nextInt(4) == 0 ? a + 1 : number(random);
      assertThat(Integer.signum(Arrays.compareUnsigned(Keys.ofLong(a), Keys.ofLong(b))))
          .isEqualTo(Long.compare(a, b));
      assertThat(Keys.toLong(Keys.ofLong(a), 0)).isEqualTo(a);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5, 6})
  void a_streams_events_lie_together_and_oldest_first(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      long stream = number(random);
      long otherStream = random.nextBoolean() ? stream : number(random);
      long version = number(random);
      long otherVersion = number(random);
      int expected =
          stream == otherStream
              ? Long.compare(version, otherVersion)
              : Long.compare(stream, otherStream);

      byte[] key = Keys.ofStreamVersion(stream, version);

      assertThat(
              Integer.signum(
                  Arrays.compareUnsigned(key, Keys.ofStreamVersion(otherStream, otherVersion))))
          .isEqualTo(expected);
      assertThat(Keys.toLong(key, 0)).isEqualTo(stream);
      assertThat(Keys.toLong(key, Long.BYTES)).isEqualTo(version);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8, 9})
  void a_place_is_read_as_it_was_written(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 3_000; i++) {
      EventPlace place = new EventPlace(number(random), number(random), number(random));

      byte[] value = Keys.ofPlace(place.position(), place.streamNumber(), place.version());

      assertThat(Keys.toPlace(value)).isEqualTo(place);
      byte[] cut = Arrays.copyOf(value, value.length - 1);
      assertThatThrownBy(() -> Keys.toPlace(cut)).isInstanceOf(DamagedDataException.class);
    }
  }

  @Test
  void an_event_ids_key_is_its_sixteen_bytes() {
    assertThat(Keys.ofEventId(UUID.fromString("00112233-4455-6677-8899-aabbccddeeff")))
        .asHexString()
        .isEqualTo("00112233445566778899AABBCCDDEEFF");
  }

  @Test
  void a_key_that_is_too_short_is_damage() {
    assertThatThrownBy(() -> Keys.toLong(new byte[7], 0)).isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(() -> Keys.toLong(new byte[15], 8)).isInstanceOf(DamagedDataException.class);
  }

  /** Small, large, and next to each place where a number takes another byte. */
  private static long number(Random random) {
    long edge = 1L << random.nextInt(63);
    return switch (random.nextInt(4)) {
      case 0 -> edge;
      case 1 -> edge - 1;
      case 2 -> random.nextInt(1000);
      default -> random.nextLong() >>> 1;
    };
  }
}
