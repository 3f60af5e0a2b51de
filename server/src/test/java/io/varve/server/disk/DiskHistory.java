package io.varve.server.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What was on a disk after each change, in the order of the changes: time passes, and never goes
 * back.
 */
public final class DiskHistory {
  private final Path root;
  private final DiskImage image;
  private final List<DiskJournal.Entry> entries;
  private final Predicate<String> believed;
  private int applied;

  /**
   * @param image the disk before the first change
   * @param believed by what kind they are, which changes are taken to have happened
   */
  DiskHistory(
      Path root, DiskImage image, List<DiskJournal.Entry> entries, Predicate<String> believed) {
    this.root = root;
    this.image = image;
    this.entries = entries;
    this.believed = believed;
  }

  /** How many changes there are. */
  public int changes() {
    return entries.size();
  }

  /** The moment at which a change was over. */
  public long momentAfter(int change) {
    return entries.get(change).end();
  }

  /** What a change is, with the file's name below the disk's folder, its numbers replaced. */
  public String kindOf(int change) {
    return switch (entries.get(change).change()) {
      case DiskChange.Created created -> kind("create", created.name());
      case DiskChange.Written written -> kind("write", written.name());
      case DiskChange.Truncated truncated -> kind("resize", truncated.name());
      case DiskChange.Synced synced -> kind("sync", synced.name());
      case DiskChange.SyncFailed failed -> kind("fail to sync", failed.name());
      case DiskChange.Renamed renamed -> kind("rename", renamed.from());
      case DiskChange.Unlinked unlinked -> kind("unlink", unlinked.name());
      case DiskChange.Linked linked -> kind("link", linked.from());
      case DiskChange.FolderMade made -> kind("make folder", made.name());
      case DiskChange.FolderRemoved removed -> kind("remove folder", removed.name());
      case DiskChange.FolderSynced synced -> kind("sync folder", synced.name());
      case DiskChange.Unseen unseen -> "not see " + unseen.what();
    };
  }

  private String kind(String verb, String name) {
    String below = root.relativize(Path.of(name)).toString();
    return verb + " " + below.replaceAll("\\d+", "*").replaceAll("native/.*", "native");
  }

  /** The kinds of changes that there are, with the changes of each, rising. */
  public SortedMap<String, List<Integer>> kinds() {
    SortedMap<String, List<Integer>> kinds = new TreeMap<>();
    for (int i = 0; i < changes(); i++) {
      kinds.computeIfAbsent(kindOf(i), _ -> new ArrayList<>()).add(i);
    }
    return kinds;
  }

  /**
   * Lets time pass up to the end of a change, and puts what a loss of power would leave then into a
   * folder that is not there yet.
   */
  public void cutPowerAfter(int change, DiskImage.Loss loss, Random random, Path target)
      throws IOException {
    if (applied > change + 1) {
      throw new IllegalArgumentException("time does not go back to change " + change);
    }
    for (; applied <= change; applied++) {
      if (believed.test(kindOf(applied))) {
        image.apply(entries.get(applied).change(), momentAfter(applied));
      }
    }
    image.write(target, loss, random);
  }
}
