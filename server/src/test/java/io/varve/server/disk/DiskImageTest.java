package io.varve.server.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.server.disk.DiskImage.Loss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the disk of these tests takes for lost is as much as a real one may lose. */
class DiskImageTest {
  private static final long FILE = 7;

  @TempDir Path folder;

  private DiskImage disk;
  private long moment;
  private int images;

  @BeforeEach
  void a_disk_with_a_folder() throws IOException {
    Files.createDirectories(folder.resolve("disk/data"));
    Files.writeString(folder.resolve("disk/data/old"), "old");
    disk = new DiskImage(folder.resolve("disk"));
  }

  private String at(String name) {
    return folder.resolve("disk").resolve(name).toString();
  }

  private void happens(DiskChange... changes) {
    for (DiskChange change : changes) {
      disk.apply(change, ++moment);
    }
  }

  private static DiskChange write(long offset, String text) {
    return new DiskChange.Written(FILE, "file", offset, text.getBytes(UTF_8));
  }

  private DiskChange create(String name) {
    return new DiskChange.Created(at(name), FILE);
  }

  private DiskChange sync() {
    return new DiskChange.Synced(FILE, "file", moment);
  }

  private DiskChange syncFolder(String name) {
    return new DiskChange.FolderSynced(at(name), moment);
  }

  /** Files with what they hold after a loss. */
  private Map<String, String> after(Loss loss, long seed) throws IOException {
    Path left = folder.resolve("left-" + images++);
    // The first numbers of neighbouring seeds are much alike.
    disk.write(left, loss, new Random(seed * 0x9E3779B97F4A7C15L));
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(left)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(left.relativize(path).toString(), Files.readString(path, UTF_8));
      }
    }
    return files;
  }

  private Map<String, String> afterAll() throws IOException {
    return after(Loss.ALL_UNSYNCED, 0);
  }

  @Test
  void what_was_there_is_there() throws Exception {
    assertThat(afterAll()).containsExactly(Map.entry("data/old", "old"));
  }

  @Test
  void what_was_synced_is_kept_and_what_was_not_is_lost() throws Exception {
    happens(create("data/new"), write(0, "synced"));
    happens(sync(), syncFolder("data"));
    happens(write(6, ", and not"));

    assertThat(afterAll()).containsEntry("data/new", "synced");
    assertThat(after(Loss.NOTHING, 0)).containsEntry("data/new", "synced, and not");
  }

  @Test
  void a_file_whose_name_was_not_synced_is_lost_though_its_bytes_were() throws Exception {
    happens(create("data/new"), write(0, "synced"));
    happens(sync());

    assertThat(afterAll()).doesNotContainKey("data/new");
  }

  @Test
  void a_name_that_was_synced_does_not_bring_the_bytes_along() throws Exception {
    happens(create("data/new"), write(0, "not synced"));
    happens(syncFolder("data"));

    assertThat(afterAll()).containsEntry("data/new", "");
  }

  @Test
  void what_is_written_while_a_sync_goes_on_is_not_made_safe_by_it() throws Exception {
    happens(create("data/new"), write(0, "before"));
    DiskChange asked = sync();
    happens(write(6, " during"), new DiskChange.Created(at("data/other"), FILE + 1));
    DiskChange folderAsked = new DiskChange.FolderSynced(at("data"), moment - 1);
    happens(asked, folderAsked);

    assertThat(afterAll()).containsEntry("data/new", "before").doesNotContainKey("data/other");
  }

  @Test
  void after_a_sync_that_failed_another_one_does_not_bring_the_bytes_back() throws Exception {
    happens(create("data/new"), write(0, "....."));
    happens(sync(), syncFolder("data"));
    happens(write(0, "lost"), new DiskChange.SyncFailed(FILE, "file"));
    happens(write(4, "!"));
    happens(sync());

    assertThat(afterAll()).containsEntry("data/new", "....!");
    assertThat(after(Loss.NOTHING, 0)).containsEntry("data/new", "lost!");
  }

  @Test
  void a_rename_that_was_not_synced_leaves_what_was_there_before() throws Exception {
    happens(create("data/next"), write(0, "new"));
    happens(sync(), syncFolder("data"));
    happens(new DiskChange.Renamed(at("data/next"), at("data/old")));

    assertThat(afterAll())
        .containsExactly(Map.entry("data/next", "new"), Map.entry("data/old", "old"));
    happens(syncFolder("data"));
    assertThat(afterAll()).containsExactly(Map.entry("data/old", "new"));
  }

  @Test
  void a_removal_that_was_not_synced_may_come_back() throws Exception {
    happens(new DiskChange.Unlinked(at("data/old")));

    assertThat(afterAll()).containsEntry("data/old", "old");
    assertThat(after(Loss.NOTHING, 0)).isEmpty();
  }

  @Test
  void a_folder_that_was_not_synced_takes_what_is_in_it_along() throws Exception {
    happens(new DiskChange.FolderMade(at("data/inner")), create("data/inner/new"), write(0, "x"));
    happens(sync(), syncFolder("data/inner"));

    assertThat(afterAll()).doesNotContainKey("data/inner/new");
    happens(syncFolder("data"));
    assertThat(afterAll()).containsEntry("data/inner/new", "x");
  }

  @Test
  void a_file_that_became_shorter_may_be_long_again() throws Exception {
    happens(create("data/new"), write(0, "long"));
    happens(sync(), syncFolder("data"));
    happens(new DiskChange.Truncated(FILE, "file", 1));

    assertThat(afterAll()).containsEntry("data/new", "long");
    assertThat(after(Loss.NOTHING, 0)).containsEntry("data/new", "l");
  }

  @Test
  void what_is_lost_in_part_is_torn_and_out_of_order_and_never_what_was_synced() throws Exception {
    String first = "a".repeat(1_024);
    String second = "b".repeat(1_024);
    happens(create("data/new"), write(0, "s".repeat(1_024)));
    happens(sync(), syncFolder("data"));
    happens(write(1_024, first), write(2_048, second));
    happens(new DiskChange.Created(at("data/late"), FILE + 1));

    Set<String> seen = new HashSet<>();
    for (long seed = 0; seed < 300; seed++) {
      Map<String, String> left = after(Loss.SOME_UNSYNCED, seed);
      String bytes = String.valueOf(left.get("data/new"));
      assertThat(bytes).startsWith("s".repeat(1_024));
      String rest = bytes.substring(1_024);
      seen.add(
          rest.replaceAll("a{1024}", "A")
              .replaceAll("b{1024}", "B")
              .replaceAll("a+", "a")
              .replaceAll("b+", "b")
              .replaceAll("\0+", "0"));
      seen.add(left.containsKey("data/late") ? "late" : "not late");
    }

    assertThat(seen)
        .contains("", "A", "AB", "late", "not late")
        .as("the second without the first")
        .contains("0B")
        .as("torn")
        .contains("a", "Ab", "0a");
  }

  @Test
  void a_change_that_could_not_be_followed_is_no_change_to_be_passed_over() {
    assertThatThrownBy(() -> happens(new DiskChange.Unseen("memory mapped for writing", "file")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("could not follow");
    assertThatThrownBy(() -> happens(write(0, "into a file that nobody has made")))
        .isInstanceOf(AssertionError.class);
  }
}
