package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2001-01-01T00:00:00Z"));

  @TempDir private Path folder;

  @Test
  void the_library_is_unpacked_once() throws IOException {
    NativeLibrary.unpack(folder);
    Path library = onlyFile();
    Files.setLastModifiedTime(library, LONG_AGO);

    NativeLibrary.unpack(folder);

    assertThat(onlyFile()).isEqualTo(library);
    assertThat(Files.getLastModifiedTime(library)).isEqualTo(LONG_AGO);
  }

  @Test
  void a_library_that_was_cut_off_is_unpacked_again() throws IOException {
    NativeLibrary.unpack(folder);
    Path library = onlyFile();
    byte[] whole = Files.readAllBytes(library);
    Files.write(library, new byte[1000]);

    NativeLibrary.unpack(folder);

    assertThat(onlyFile()).hasBinaryContent(whole);
  }

  @Test
  void a_library_with_a_wrong_byte_is_unpacked_again() throws IOException {
    NativeLibrary.unpack(folder);
    Path library = onlyFile();
    byte[] whole = Files.readAllBytes(library);
    Folders.damage(library, new Random(1).nextInt(whole.length));

    NativeLibrary.unpack(folder);

    assertThat(onlyFile()).hasBinaryContent(whole);
  }

  @Test
  void what_a_killed_process_left_half_unpacked_is_removed() throws IOException {
    NativeLibrary.unpack(folder);
    Path library = onlyFile();
    Path half = library.resolveSibling(library.getFileName() + ".unfinished");
    Files.write(half, new byte[1000]);
    Files.delete(library);

    NativeLibrary.unpack(folder);

    assertThat(onlyFile()).isEqualTo(library);
  }

  @Test
  void nothing_is_left_in_the_temp_folder() throws IOException {
    NativeLibrary.load(folder);

    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .noneMatch(name -> name.contains("rocksdb"));
    }
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> found = files.filter(Files::isRegularFile).toList();
      assertThat(found).hasSize(1);
      return found.getFirst();
    }
  }
}
