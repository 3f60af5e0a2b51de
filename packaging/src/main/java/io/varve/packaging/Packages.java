package io.varve.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * Makes all packages: {@code Packages ROOT OUTPUT VERSION TIME}, where ROOT is the source folder in
 * which server and bank-demo are built, and TIME the one that every file gets, so that the same
 * sources make the same packages.
 */
public final class Packages {
  private Packages() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path root = Path.of(arguments[0]).toRealPath();
    Path output = Files.createDirectories(Path.of(arguments[1]));
    String version = arguments[2];
    Instant time = Instant.parse(arguments[3]);
    Path work = Files.createDirectories(output.resolveSibling("work"));
    Platform here = Platform.ofThisMachine();

    Distribution distribution = new Distribution(root, work, version);
    for (Platform platform : Platform.values()) {
      Path file = output.resolve("varve-" + version + "-" + platform.label() + ".tar.gz");
      Tarball.write(file, "varve-" + version + "/", distribution.entries(platform), time);
      told(file);
    }
    for (Platform platform : List.of(Platform.LINUX_X86_64, Platform.LINUX_AARCH64)) {
      told(new DebianPackage(root, work, version, time).write(output, platform, distribution));
    }

    List<Entry> runtime = JavaRuntime.make(root, work.resolve("runtime"));
    Path withJava = output.resolve("varve-" + version + "-" + here.label() + "-with-java.tar.gz");
    List<Entry> all = Entry.join(distribution.entries(here), Entry.under("runtime/", runtime));
    Tarball.write(withJava, "varve-" + version + "/", all, time);
    told(withJava);
    if (here.isLinux()) {
      Path image = output.resolve("varve-" + version + "-" + here.label() + ".oci.tar");
      new OciImage(work, version, here, time).write(image, distribution, runtime);
      told(image);
    }
  }

  private static void told(Path file) throws IOException {
    System.out.printf("%s, %.1f MiB%n", file.getFileName(), Files.size(file) / 1048576.0);
  }
}
