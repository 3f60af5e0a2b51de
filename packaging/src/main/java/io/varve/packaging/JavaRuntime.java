package io.varve.packaging;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/** A Java for this machine with the modules that Varve needs, and nothing to install first. */
final class JavaRuntime {
  /**
   * What jdeps cannot see, since nothing names their classes: looking into JARs, an HTTP server,
   * and what tells an operator how the JVM is (jcmd, flight recordings).
   */
  private static final List<String> UNSEEN =
      List.of("jdk.zipfs", "jdk.httpserver", "jdk.jcmd", "jdk.jfr");

  /**
   * What only parts of libraries need that nothing here comes to: H2's console, its functions in
   * Java source and in scripts, and PostgreSQL's data sources for application servers. A third of
   * the size.
   */
  private static final List<String> NOT_COME_TO =
      List.of("java.compiler", "java.desktop", "java.rmi", "java.scripting");

  private JavaRuntime() {}

  static List<Entry> make(Path root, Path target) throws IOException {
    TreeSet<String> modules = new TreeSet<>(UNSEEN);
    modules.addAll(List.of(neededBy(root).strip().split(",")));
    NOT_COME_TO.forEach(modules::remove);
    delete(target);
    run(
        "jlink",
        "--add-modules",
        String.join(",", modules),
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages",
        "--compress",
        "zip-6",
        "--generate-cds-archive",
        "--output",
        target.toString());
    return Entry.of(target);
  }

  /** Asks for each JAR, for hardly any names the next one's classes where it needs them. */
  private static String neededBy(Path root) throws IOException {
    TreeMap<String, Path> jars = new TreeMap<>();
    for (String module : List.of("server", "bank-demo")) {
      Path target = root.resolve(module + "/target");
      for (Path folder : List.of(target, target.resolve("lib"))) {
        try (Stream<Path> files = Files.list(folder)) {
          files
              .filter(file -> file.toString().endsWith(".jar"))
              .filter(file -> !file.toString().endsWith("-tests.jar"))
              .forEach(jar -> jars.putIfAbsent(jar.getFileName().toString(), jar));
        }
      }
    }
    List<String> arguments =
        new ArrayList<>(
            List.of("--print-module-deps", "--ignore-missing-deps", "--multi-release", "25"));
    jars.values().forEach(jar -> arguments.add(jar.toString()));
    return run("jdeps", arguments.toArray(String[]::new));
  }

  private static String run(String tool, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        ToolProvider.findFirst(tool)
            .orElseThrow(() -> new IllegalStateException("this Java has no " + tool))
            .run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    if (code != 0) {
      throw new IllegalStateException(tool + " ended with " + code + ": " + out + err);
    }
    return out.toString();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder)) {
      files = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
