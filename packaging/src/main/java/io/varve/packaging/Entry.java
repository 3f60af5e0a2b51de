package io.varve.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One file, folder or link of a package.
 *
 * @param path where it goes, without a slash at the beginning; a folder's ends with one
 * @param source the file with its content; null: a folder or a link
 * @param link where a link leads; null: it is none
 * @param mode its permissions
 * @param owner the number of the user and the group that it belongs to
 */
record Entry(String path, @Nullable Path source, @Nullable String link, int mode, long owner) {

  static Entry file(String path, Path source, int mode) {
    return new Entry(path, source, null, mode, 0);
  }

  static Entry folder(String path, int mode, long owner) {
    return new Entry(path, null, null, mode, owner);
  }

  static Entry link(String path, String target) {
    return new Entry(path, null, target, 0777, 0);
  }

  /** The same in another place. */
  Entry at(String path) {
    return new Entry(path, source, link, mode, owner);
  }

  /** What is in a folder, links followed; what may be executed there may be executed here. */
  static List<Entry> of(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .sorted()
          .map(
              file ->
                  file(
                      folder.relativize(file).toString().replace('\\', '/'),
                      file,
                      Files.isExecutable(file) ? 0755 : 0644))
          .toList();
    }
  }

  static List<Entry> under(String prefix, List<Entry> entries) {
    return entries.stream().map(entry -> entry.at(prefix + entry.path)).toList();
  }

  @SafeVarargs
  static List<Entry> join(List<Entry>... parts) {
    List<Entry> all = new ArrayList<>();
    for (List<Entry> part : parts) {
      all.addAll(part);
    }
    all.sort(Comparator.comparing(Entry::path));
    return all;
  }
}
