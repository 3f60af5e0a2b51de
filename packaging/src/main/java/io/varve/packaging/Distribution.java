package io.varve.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * The folder that every package holds: {@code bin/varve}, {@code lib} with the server, {@code
 * lib/demo} with what the bank demo needs besides, {@code conf}, {@code systemd} and the documents.
 */
final class Distribution {
  private static final String NATIVE_JAR = "rocksdbjni-";

  private final Path root;
  private final Path work;
  private final String version;

  /**
   * @param work a folder for what is made on the way
   */
  Distribution(Path root, Path work, String version) {
    this.root = root;
    this.work = work;
    this.version = version;
  }

  /** What goes into the package of a platform. */
  List<Entry> entries(Platform platform) throws IOException {
    Path server = root.resolve("server/target");
    Path demo = root.resolve("bank-demo/target");
    List<Entry> entries = new ArrayList<>();
    entries.add(Entry.file("bin/varve", root.resolve("varve"), 0755));
    entries.add(Entry.file("lib/varve-server.jar", built(server, "varve-server.jar"), 0644));
    Set<String> shared =
        jars(server.resolve("lib")).stream()
            .map(jar -> jar.getFileName().toString())
            .collect(Collectors.toSet());
    for (Path jar : jars(server.resolve("lib"))) {
      String name = jar.getFileName().toString();
      Path content = name.startsWith(NATIVE_JAR) ? withoutForeignCode(jar, platform) : jar;
      entries.add(Entry.file("lib/" + name, content, 0644));
    }
    entries.add(
        Entry.file("lib/demo/varve-bank-demo.jar", built(demo, "varve-bank-demo.jar"), 0644));
    for (Path jar : jars(demo.resolve("lib"))) {
      String name = jar.getFileName().toString();
      if (!shared.contains(name)) {
        entries.add(Entry.file("lib/demo/" + name, jar, 0644));
      }
    }
    entries.addAll(Entry.of(root.resolve("packaging/src/main/dist")));
    for (String document : List.of("README.md", "CHANGELOG.md", "LICENSE")) {
      entries.add(Entry.file(document, root.resolve(document), 0644));
    }
    entries.addAll(Entry.under("docs/", Entry.of(root.resolve("docs"))));
    return Entry.join(entries);
  }

  String version() {
    return version;
  }

  private static Path built(Path target, String name) {
    Path jar = target.resolve(name);
    if (!Files.exists(jar)) {
      throw new IllegalStateException(
          jar + " is missing: mvn -Ppackage package, at the root, builds all that is needed");
    }
    return jar;
  }

  private static List<Path> jars(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  /** RocksDB's JAR has native code for fifteen platforms, 90 MB of it; a machine needs one. */
  private Path withoutForeignCode(Path jar, Platform platform) throws IOException {
    Path lean = Files.createDirectories(work.resolve(platform.label())).resolve(jar.getFileName());
    // As they are, without unpacking: the same bytes everywhere, and quick.
    try (ZipFile from = ZipFile.builder().setPath(jar).get();
        ZipArchiveOutputStream to = new ZipArchiveOutputStream(lean)) {
      from.copyRawEntries(to, entry -> !platform.isForeign(entry.getName()));
    }
    return lean;
  }
}
