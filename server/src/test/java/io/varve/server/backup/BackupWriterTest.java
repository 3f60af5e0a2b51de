package io.varve.server.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.storage.BackupSource;
import io.varve.server.storage.EventMark;
import io.varve.server.storage.LogExtent;
import io.varve.server.storage.VerifyWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupWriterTest {
  private static final Instant TIME = Instant.parse("2026-03-01T12:00:00Z");
  private static final BackupWatch NOBODY = (_, _, _) -> {};

  @TempDir private Path temp;

  private BackupFolder folder() {
    return new BackupFolder(temp.resolve("backup"));
  }

  @Test
  void what_is_damaged_does_not_become_a_backup_and_leaves_the_one_before() throws Exception {
    write(new Part(3, null));

    assertThatThrownBy(() -> write(new Part(5, "the log's chunk at position 2 is damaged")))
        .isInstanceOfSatisfying(
            BackupException.class,
            refused -> assertThat(refused.kind()).isEqualTo(BackupException.Kind.DAMAGED))
        .hasMessageContaining("chunk at position 2");

    BackupManifest manifest = folder().manifest();
    assertThat(manifest).isNotNull().extracting(BackupManifest::position).isEqualTo(3L);
    assertThat(temp.resolve("frozen")).doesNotExist();
  }

  @Test
  void a_backup_of_a_shorter_log_does_not_take_the_place_of_a_longer_one() throws Exception {
    write(new Part(5, null));

    assertThatThrownBy(() -> write(new Part(3, null)))
        .isInstanceOfSatisfying(
            BackupException.class,
            refused -> assertThat(refused.kind()).isEqualTo(BackupException.Kind.REFUSED));

    BackupManifest manifest = folder().manifest();
    assertThat(manifest).isNotNull().extracting(BackupManifest::position).isEqualTo(5L);
  }

  @Test
  void a_file_that_has_gone_bad_in_the_backup_is_not_restored() throws Exception {
    write(new Part(5, null));
    BackupManifest manifest = requireNonNull(folder().manifest());
    Path stored = requireNonNull(folder().filesIn("log", manifest).get("file"));
    Files.writeString(stored, "up to 6");

    assertThatThrownBy(() -> folder().copyTo(temp.resolve("restored"), manifest, "archive", NOBODY))
        .isInstanceOfSatisfying(
            BackupException.class,
            damaged -> assertThat(damaged.kind()).isEqualTo(BackupException.Kind.DAMAGED))
        .hasMessageContaining("log/file does not match its checksum");
  }

  private void write(Part log) throws BackupException {
    new BackupWriter(List.of(log), temp.resolve("frozen"), () -> TIME).write(folder(), NOBODY);
  }

  /**
   * A log of one file.
   *
   * @param damage what is found in it; null for nothing
   */
  private record Part(long position, @Nullable String damage) implements BackupSource {
    @Override
    public String name() {
      return "log";
    }

    @Override
    public void freeze(Path target) {
      try {
        Files.writeString(target.resolve("file"), "up to " + position);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public LogExtent examine(Path frozen, VerifyWatch watch) {
      if (damage != null) {
        watch.finding(damage);
      }
      return new LogExtent(
          new UUID(1, 1), 1, position, position, new EventMark(position, id(position), TIME));
    }

    @Override
    public EventMark newestUpTo(Path frozen, long last) {
      long newest = Math.min(position, last);
      return new EventMark(newest, id(newest), TIME);
    }

    private static UUID id(long position) {
      return new UUID(7, position);
    }
  }
}
