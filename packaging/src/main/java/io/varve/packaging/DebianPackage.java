package io.varve.packaging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;

/**
 * A Debian package: the distribution in {@code /usr/share/varve}, its settings in {@code
 * /etc/varve}, a systemd unit, and a user. Made without Debian's tools, so on any machine.
 */
final class DebianPackage {
  private static final List<String> SCRIPTS = List.of("postinst", "prerm", "postrm");

  private final Path sources;
  private final Path root;
  private final Path work;
  private final String version;
  private final Instant time;

  /**
   * @param work a folder for what is made on the way
   */
  DebianPackage(Path root, Path work, String version, Instant time) {
    this.root = root;
    this.work = work;
    this.sources = root.resolve("packaging/src/main/debian");
    this.version = version;
    this.time = time;
  }

  Path write(Path output, Platform platform, Distribution distribution) throws IOException {
    List<Entry> data = data(distribution.entries(platform));
    Path file = output.resolve("varve_" + version + "_" + platform.architecture() + ".deb");
    try (OutputStream out = Files.newOutputStream(file);
        ArArchiveOutputStream ar = new ArArchiveOutputStream(out)) {
      put(ar, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
      put(ar, "control.tar.gz", Tarball.bytes("./", control(platform, data), time));
      put(ar, "data.tar.gz", Tarball.bytes("./", data, time));
      ar.finish();
    }
    return file;
  }

  private List<Entry> data(List<Entry> distribution) {
    List<Entry> data = new ArrayList<>();
    for (Entry entry : distribution) {
      String path = entry.path();
      if (path.startsWith("bin/") || path.startsWith("lib/")) {
        data.addAll(Entry.under("usr/share/varve/", List.of(entry)));
      } else if (path.startsWith("conf/")) {
        data.addAll(Entry.under("etc/varve/", List.of(entry.at(path.substring("conf/".length())))));
      } else if (path.startsWith("systemd/")) {
        String name = path.substring("systemd/".length());
        data.addAll(Entry.under("usr/lib/systemd/system/", List.of(entry.at(name))));
      } else {
        data.addAll(Entry.under("usr/share/doc/varve/", List.of(entry)));
      }
    }
    data.add(Entry.link("usr/bin/varve", "../share/varve/bin/varve"));
    data.add(Entry.file("usr/share/doc/varve/copyright", root.resolve("LICENSE"), 0644));
    return Entry.join(data);
  }

  private List<Entry> control(Platform platform, List<Entry> data) throws IOException {
    Path made = Files.createDirectories(work.resolve(platform.architecture()));
    long kilobytes = 0;
    StringBuilder conffiles = new StringBuilder();
    for (Entry entry : data) {
      kilobytes += entry.source() == null ? 0 : (Files.size(entry.source()) + 1023) / 1024;
      if (entry.path().startsWith("etc/")) {
        conffiles.append('/').append(entry.path()).append('\n');
      }
    }
    String control =
        Files.readString(sources.resolve("control"))
            .replace("@VERSION@", version)
            .replace("@ARCHITECTURE@", platform.architecture())
            .replace("@KILOBYTES@", Long.toString(kilobytes));
    List<Entry> entries = new ArrayList<>();
    entries.add(
        Entry.file("conffiles", Files.writeString(made.resolve("conffiles"), conffiles), 0644));
    entries.add(Entry.file("control", Files.writeString(made.resolve("control"), control), 0644));
    for (String script : SCRIPTS) {
      entries.add(Entry.file(script, sources.resolve(script), 0755));
    }
    return Entry.join(entries);
  }

  private void put(ArArchiveOutputStream ar, String name, byte[] content) throws IOException {
    ar.putArchiveEntry(
        new ArArchiveEntry(name, content.length, 0, 0, 0100644, time.getEpochSecond()));
    ar.write(content);
    ar.closeArchiveEntry();
  }
}
