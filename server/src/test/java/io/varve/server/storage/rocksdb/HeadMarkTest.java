package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadMarkTest {
  private static final long POSITION = 0x0123_4567_89AB_CDEFL;

  @TempDir private Path temp;

  @Test
  void a_mark_is_found_where_it_was_last_raised_to() {
    Path path = temp.resolve("head");
    try (HeadMark mark = HeadMark.open(path)) {
      assertThat(mark.found()).isZero();
      mark.raiseTo(5);
      assertThat(HeadMark.in(path)).isEqualTo(5);
      mark.raiseTo(POSITION);
      assertThat(HeadMark.in(path)).isEqualTo(POSITION);
    }
    try (HeadMark mark = HeadMark.open(path)) {
      assertThat(mark.found()).isEqualTo(POSITION);
    }
  }

  @Test
  void a_mark_with_a_wrong_byte_names_no_position() throws IOException {
    Path path = temp.resolve("head");
    try (HeadMark mark = HeadMark.open(path)) {
      mark.raiseTo(POSITION);
    }
    byte[] sound = Files.readAllBytes(path);
    for (int at = 0; at < sound.length; at++) {
      byte[] damaged = sound.clone();
      damaged[at] ^= (byte) (1 << (at % 8));
      Files.write(path, damaged);

      assertThat(HeadMark.in(path)).as("byte %s", at).isZero();
    }
  }

  @Test
  void a_mark_that_is_cut_off_or_too_long_names_no_position() throws IOException {
    Path path = temp.resolve("head");
    try (HeadMark mark = HeadMark.open(path)) {
      mark.raiseTo(POSITION);
    }
    byte[] sound = Files.readAllBytes(path);
    for (int length : new int[] {0, 8, sound.length - 1, sound.length + 1}) {
      Files.write(path, Arrays.copyOf(sound, length));

      assertThat(HeadMark.in(path)).as("%s bytes", length).isZero();
    }
  }
}
