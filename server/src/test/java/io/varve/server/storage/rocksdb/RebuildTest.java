package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.fixture.LogModel;
import io.varve.server.fixture.LogModel.Draft;
import io.varve.server.storage.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

/** Indexes that are made anew from the log, whatever has become of the old ones. */
class RebuildTest {
  private static final int EVENTS = 2_000;

  @TempDir private Path temp;

  private final LogModel model = new LogModel();

  @Test
  void an_index_is_made_anew_whatever_is_wrong_with_the_old_one() throws IOException {
    Path folder = store();
    Files.delete(Folders.files(folder.resolve("index"), ".sst").getFirst());
    assertThat(Folders.findings(folder)).isNotEmpty();

    rebuild(folder, (_, _) -> {});

    assertThat(Folders.findings(folder)).isEmpty();
    Folders.verify(folder, EVENTS);
    assertThat(folder.resolve("index.rebuilding")).doesNotExist();
    assertThat(folder.resolve("index.replaced")).doesNotExist();
  }

  @Test
  void a_rebuild_that_was_cut_off_goes_on_where_it_was_and_the_old_index_is_there_meanwhile()
      throws IOException {
    Path folder = store();
    long[] cut = {0};
    assertThatThrownBy(
            () ->
                rebuild(
                    folder,
                    (position, last) -> {
                      if (position > 0 && position < last) {
                        cut[0] = position;
                        throw new IllegalStateException("cut off");
                      }
                    }))
        .hasMessage("cut off");
    assertThat(cut[0]).isPositive();
    Folders.verify(folder, EVENTS);

    List<Long> positions = new ArrayList<>();
    rebuild(folder, (position, _) -> positions.add(position));

    assertThat(positions).first().isEqualTo(cut[0]);
    assertThat(positions).last().isEqualTo((long) EVENTS);
    Folders.verify(folder, EVENTS);
    assertThat(Folders.findings(folder)).isEmpty();
  }

  @Test
  void a_crash_in_the_exchange_leaves_an_index() throws IOException {
    Path folder = store();
    Folders.copy(folder.resolve("index"), folder.resolve("index.rebuilding"));
    Files.move(folder.resolve("index"), folder.resolve("index.replaced"));

    open(folder).close();

    Folders.verify(folder, EVENTS);
    assertThat(folder.resolve("index.replaced")).doesNotExist();
    assertThat(folder.resolve("index.rebuilding")).doesNotExist();
  }

  @Test
  void a_log_that_has_lost_its_end_is_not_rebuilt_from() throws IOException {
    Path folder = store();
    Folders.open(
        folder.resolve("log"),
        false,
        (rocks, families) -> {
          try (var last = rocks.newIterator(families.get("log"))) {
            last.seekToLast();
            rocks.delete(families.get("log"), last.key());
          } catch (RocksDBException e) {
            throw new AssertionError(e);
          }
        });

    assertThatThrownBy(() -> rebuild(folder, (_, _) -> {}))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("lost events");
  }

  private Path store() {
    Path folder = temp.resolve("data");
    try (RocksDbEventStorage storage = open(folder)) {
      for (int batch = 0; batch < EVENTS / 50; batch++) {
        List<Draft> drafts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
          drafts.add(
              new Draft(
                  new StreamId("s-" + i % 7),
                  new NewEvent(
                      new UUID(batch, i),
                      false,
                      "T" + i % 3,
                      new byte[5_000],
                      "",
                      Map.of(),
                      List.of("tag" + i % 5),
                      null)));
        }
        model.commit(storage, Instant.ofEpochSecond(1_700_000_000 + batch), drafts);
      }
    }
    return folder;
  }

  private static RocksDbEventStorage open(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return RocksDbEventStorage.open(folder, StorageSettings.defaults(), new UUID(1, 1));
  }

  private static void rebuild(Path folder, RebuildWatch watch) {
    new OfflineStore(folder, StorageSettings.defaults()).rebuildIndexes(watch);
  }
}
