package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.storage.DamagedDataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PostingsTest {

  /** As on disk; whoever changes them raises {@link IndexDatabase#INDEX_FORMAT}. */
  @Test
  void keys_and_values_are_byte_for_byte_what_they_have_always_been() {
    assertThat(HexFormat.of().formatHex(Postings.key(Postings.bytes("owner:ß"), 4097)))
        .isEqualTo("6f776e65723ac39f" + "00" + "0000000000001001");
    assertThat(HexFormat.of().formatHex(Postings.value(new int[] {0, 1, 300, 4095, 9}, 4)))
        .isEqualTo("04" + "00" + "01" + "ab02" + "d31d");
    assertThat(HexFormat.of().formatHex(Postings.value(new int[] {Integer.MAX_VALUE}, 1)))
        .isEqualTo("01" + "ffffffff07");
  }

  @Test
  void what_is_encoded_is_decoded() {
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      int count = 1 + random.nextInt(4096);
      int[] offsets = new int[count + random.nextInt(3)];
      long segment = 1 + random.nextLong(1L << 40);
      long[] positions = new long[count];
      int next = random.nextInt(3);
      for (int j = 0; j < count; j++) {
        offsets[j] = next;
        positions[j] = segment + next;
        next += 1 + random.nextInt(1 << random.nextInt(18));
      }
      byte[] value = Postings.value(offsets, count);
      assertThat(Postings.positions(segment, value)).isEqualTo(positions);
      assertThat(Postings.count(value)).isEqualTo(count);
      assertThat(Postings.count(Arrays.copyOf(value, Math.min(value.length, Postings.COUNT_BYTES))))
          .isEqualTo(count);
      byte[] term = new byte[random.nextInt(20)];
      random.nextBytes(term);
      assertThat(Postings.termOf(Postings.key(term, segment))).isEqualTo(term);
      assertThat(Postings.segmentOf(Postings.key(term, segment))).isEqualTo(segment);
    }
  }

  @Test
  void keys_lie_in_the_order_of_their_terms_and_then_of_their_segments() {
    List<byte[]> keys = new ArrayList<>();
    for (String term : List.of("", "a", "a b", "a-", "ab", "b", "ä", "事", "🏦")) {
      for (long segment : new long[] {1, 255, 256, 4097, Long.MAX_VALUE}) {
        keys.add(Postings.key(term.getBytes(StandardCharsets.UTF_8), segment));
      }
    }
    assertThat(keys).isSortedAccordingTo(Arrays::compareUnsigned);
  }

  @Test
  void bytes_that_are_cut_off_are_damage() {
    byte[] value = Postings.value(new int[] {3, 200, 70_000}, 3);
    for (int length = 0; length < value.length; length++) {
      byte[] cut = Arrays.copyOf(value, length);
      assertThatThrownBy(() -> Postings.positions(1, cut)).isInstanceOf(DamagedDataException.class);
    }
    assertThatThrownBy(() -> Postings.termOf(new byte[8])).isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(() -> Postings.positions(1, new byte[] {0}))
        .isInstanceOf(DamagedDataException.class);
  }
}
