package io.varve.server.mutation;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles single source files anew, with a fault in them, against the classes that are there.
 *
 * <p>Constants are copied into whoever uses them: a fault in one is a fault in its own file only.
 */
final class MutantCompiler {
  private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();

  /** Writes the classes of the mutation's file into a folder, which is created. */
  void compile(Mutation mutation, Path into) throws IOException {
    Path file = Mutations.SOURCES.resolve(mutation.file());
    String faulty = mutation.applyTo(Files.readString(file));
    Files.createDirectories(into);
    DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
    boolean compiles;
    try (StandardJavaFileManager files = compiler.getStandardFileManager(said, null, null)) {
      compiles =
          compiler
              .getTask(
                  null,
                  files,
                  said,
                  List.of(
                      "-d",
                      into.toString(),
                      "-cp",
                      TestJvm.CLASS_PATH,
                      "-proc:none",
                      "-parameters",
                      "-nowarn"),
                  null,
                  List.of(new Source(file, faulty)))
              .call();
    }
    if (!compiles) {
      List<String> errors =
          said.getDiagnostics().stream()
              .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
              .map(diagnostic -> diagnostic.getMessage(Locale.ROOT))
              .toList();
      throw new IllegalStateException("'" + mutation + "' does not compile: " + errors);
    }
  }

  /** A source file that is not on the disk as it is. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(Path file, String text) {
      super(URI.create("string:///" + file.getFileName()), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
