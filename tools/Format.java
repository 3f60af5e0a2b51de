import com.google.googlejavaformat.java.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or fixes the layout of every Java source in the project with google-java-format.
 *
 * <p>Run from the root by the build: {@code java tools/Format.java check|fix}, with the formatter
 * on the class path. It is a program of its own because the formatter parses with the compiler of
 * the JVM it runs in, and Maven's may be too old to read our sources.
 */
final class Format {
  private static final List<String> FLAGS_TO_CHECK = List.of("--dry-run", "--set-exit-if-changed");
  private static final List<String> FLAGS_TO_FIX = List.of("--replace");

  private Format() {}

  public static void main(String[] args) throws Exception {
    boolean fix = args[0].equals("fix");
    List<String> sources = sources(Path.of(""));

    List<String> request = new ArrayList<>(fix ? FLAGS_TO_FIX : FLAGS_TO_CHECK);
    request.addAll(sources);
    PrintWriter out = new PrintWriter(System.out, true);
    PrintWriter err = new PrintWriter(System.err, true);
    int exitCode = new Main(out, err, System.in).format(request.toArray(String[]::new));

    if (exitCode == 0) {
      out.println((fix ? "Formatted " : "The layout is right in ") + sources.size() + " files.");
    } else if (!fix) {
      err.println(
          "The layout of the files above is not google-java-format's. Fix it: mvn -Pformat");
    }
    System.exit(exitCode);
  }

  /** Hand-written sources: what modules have under {@code src}, and this folder's programs. */
  private static List<String> sources(Path root) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> children = Files.list(root)) {
      for (Path child : children.sorted().toList()) {
        Path folder = child.endsWith("tools") ? child : child.resolve("src");
        if (Files.isDirectory(folder)) {
          try (Stream<Path> files = Files.walk(folder)) {
            files.map(Path::toString).filter(name -> name.endsWith(".java")).forEach(found::add);
          }
        }
      }
    }
    return found;
  }
}
