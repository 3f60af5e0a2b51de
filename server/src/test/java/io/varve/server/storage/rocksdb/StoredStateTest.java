package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.StreamState;
import io.varve.server.storage.DamagedDataException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class StoredStateTest {
  private static final StoredState STATE =
      new StoredState(
          new StreamState(true, 5, 3, Duration.ofSeconds(60, 1), 6),
          7,
          8,
          Instant.ofEpochSecond(9, 10));

  @Test
  void a_state_comes_back_as_it_was_written() {
    StoredState untouched = new StoredState(StreamState.UNTOUCHED, 0, 0, Instant.EPOCH);

    assertThat(StoredState.decode(STATE.encode())).isEqualTo(STATE);
    assertThat(StoredState.decode(untouched.encode())).isEqualTo(untouched);
  }

  @Test
  void a_state_has_the_bytes_that_it_has_always_had() {
    assertThat(HexFormat.of().formatHex(STATE.encode()))
        .isEqualTo(
            "03"
                + "0000000000000003"
                + "0000000000000006"
                + "0000000000000005"
                + "000000000000003c"
                + "00000001"
                + "0000000000000007"
                + "0000000000000008"
                + "0000000000000009"
                + "0000000a");
  }

  @Test
  void a_value_of_another_length_is_damage() {
    byte[] cut = Arrays.copyOf(STATE.encode(), 64);

    assertThatThrownBy(() -> StoredState.decode(cut)).isInstanceOf(DamagedDataException.class);
    assertThatThrownBy(() -> StreamName.decode(new byte[19]))
        .isInstanceOf(DamagedDataException.class);
  }
}
