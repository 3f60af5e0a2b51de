package io.varve.server.disk;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is on a disk, and what only the operating system knows so far. As strict as POSIX is: bytes
 * are safe once their file was synced, a name once its folder was, and neither brings the other
 * along.
 */
public final class DiskImage {
  /** What a loss of power leaves of what was not synced. */
  public enum Loss {
    /** Nothing. */
    ALL_UNSYNCED,
    /**
     * A part, drawn at random: of each file's writes any, torn at sectors; of the changes of names
     * a beginning, since file systems keep a journal of those.
     */
    SOME_UNSYNCED,
    /** All of it: the process ended, and the machine did not. */
    NOTHING
  }

  /**
   * A change of names, with the file that it was about when it happened.
   *
   * @param moment when it was over
   */
  private record NameChange(DiskChange change, long moment, @Nullable FileContent content) {}

  private final Path root;
  private final Map<Long, FileContent> files = new HashMap<>();

  /** Names as the running system has them, with what is behind them; null is a folder. */
  private final TreeMap<String, @Nullable FileContent> names = new TreeMap<>();

  private final TreeMap<String, @Nullable FileContent> safeNames = new TreeMap<>();
  private final List<NameChange> unsafeNames = new ArrayList<>();

  /** A disk on which a folder is, all of it safe. */
  DiskImage(Path root) throws IOException {
    this.root = root;
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.toList()) {
        if (Files.isDirectory(path)) {
          names.put(path.toString(), null);
        } else {
          FileContent content = new FileContent(Files.readAllBytes(path));
          names.put(path.toString(), content);
          files.put((Long) Files.getAttribute(path, "unix:ino"), content);
        }
      }
    }
    safeNames.putAll(names);
  }

  private DiskImage(DiskImage origin) {
    root = origin.root;
    Map<FileContent, FileContent> copies = new HashMap<>();
    origin.names.forEach(
        (name, content) -> names.put(name, content == null ? null : content.copyTo(copies)));
    origin.files.forEach((file, content) -> files.put(file, content.copyTo(copies)));
    safeNames.putAll(names);
  }

  /** The same disk, as long as nothing has happened to it. */
  DiskImage copy() {
    return new DiskImage(this);
  }

  /**
   * Something happens.
   *
   * @param moment when it was over
   */
  void apply(DiskChange change, long moment) {
    switch (change) {
      case DiskChange.Created created -> {
        FileContent content = new FileContent(new byte[0]);
        files.put(created.file(), content);
        rename(new NameChange(change, moment, content));
      }
      case DiskChange.Written written -> changed(written.file(), change, moment);
      case DiskChange.Truncated truncated -> changed(truncated.file(), change, moment);
      case DiskChange.Synced synced -> {
        FileContent content = files.get(synced.file());
        if (content != null) {
          content.sync(synced.asked());
        }
      }
      case DiskChange.SyncFailed failed -> {
        FileContent content = files.get(failed.file());
        if (content != null) { // otherwise a folder, whose names may come to be safe later
          content.failToSync();
        }
      }
      case DiskChange.FolderSynced synced -> sync(synced.name(), synced.asked());
      case DiskChange.Renamed renamed ->
          rename(new NameChange(change, moment, names.get(renamed.from())));
      case DiskChange.Linked linked ->
          rename(new NameChange(change, moment, names.get(linked.from())));
      case DiskChange.Unlinked _, DiskChange.FolderMade _, DiskChange.FolderRemoved _ ->
          rename(new NameChange(change, moment, null));
      case DiskChange.Unseen unseen ->
          throw new AssertionError("the disk could not follow " + unseen);
    }
  }

  private void changed(long file, DiskChange change, long moment) {
    FileContent content = files.get(file);
    if (content == null) {
      throw new AssertionError("nobody has made the file of " + change);
    }
    content.apply(change, moment);
  }

  private void rename(NameChange change) {
    apply(change, names);
    unsafeNames.add(change);
  }

  private void sync(String folder, long asked) {
    unsafeNames.removeIf(
        change -> {
          boolean safe = change.moment() <= asked && foldersOf(change.change()).contains(folder);
          if (safe) {
            apply(change, safeNames);
          }
          return safe;
        });
  }

  private static List<String> foldersOf(DiskChange change) {
    return switch (change) {
      case DiskChange.Created created -> List.of(parent(created.name()));
      case DiskChange.Renamed renamed -> List.of(parent(renamed.from()), parent(renamed.to()));
      case DiskChange.Linked linked -> List.of(parent(linked.to()));
      case DiskChange.Unlinked unlinked -> List.of(parent(unlinked.name()));
      case DiskChange.FolderMade made -> List.of(parent(made.name()));
      case DiskChange.FolderRemoved removed -> List.of(parent(removed.name()));
      default -> throw new AssertionError(change);
    };
  }

  private static String parent(String name) {
    return name.substring(0, name.lastIndexOf('/'));
  }

  private static void apply(NameChange named, SortedMap<String, @Nullable FileContent> names) {
    switch (named.change()) {
      case DiskChange.Created created -> names.put(created.name(), named.content());
      case DiskChange.Linked linked -> {
        if (named.content() != null) {
          names.put(linked.to(), named.content());
        }
      }
      case DiskChange.Renamed renamed -> {
        Map<String, @Nullable FileContent> below =
            new TreeMap<>(names.subMap(renamed.from() + "/", renamed.from() + "0"));
        boolean there = names.containsKey(renamed.from());
        names.remove(renamed.from());
        if (named.content() != null || there) {
          names.put(renamed.to(), named.content());
        }
        below.forEach(
            (name, content) -> {
              names.remove(name);
              names.put(renamed.to() + name.substring(renamed.from().length()), content);
            });
      }
      case DiskChange.Unlinked unlinked -> names.remove(unlinked.name());
      case DiskChange.FolderMade made -> names.put(made.name(), null);
      case DiskChange.FolderRemoved removed -> names.remove(removed.name());
      default -> throw new AssertionError(named);
    }
  }

  /** Puts what a loss of power leaves into a folder that is not there yet. */
  void write(Path target, Loss loss, Random random) throws IOException {
    TreeMap<String, @Nullable FileContent> left = new TreeMap<>(safeNames);
    int changes =
        switch (loss) {
          case ALL_UNSYNCED -> 0;
          case SOME_UNSYNCED -> random.nextInt(unsafeNames.size() + 1);
          case NOTHING -> unsafeNames.size();
        };
    unsafeNames.subList(0, changes).forEach(change -> apply(change, left));
    Files.createDirectories(target);
    for (Map.Entry<String, @Nullable FileContent> entry : left.entrySet()) {
      Path path = target.resolve(root.relativize(Path.of(entry.getKey())).toString());
      if (!Files.isDirectory(requireNonNull(path.getParent()))) {
        continue; // its folder is not there, so it is not
      }
      FileContent content = entry.getValue();
      if (content == null) {
        Files.createDirectories(path);
      } else {
        Files.write(path, content.after(loss, random));
      }
    }
  }
}
