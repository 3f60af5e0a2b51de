package io.varve.server.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a person watches the standard output and the error output, and can be asked. */
final class Terminal {
  private static final boolean OUTPUT = isTerminal(1);
  private static final boolean ERRORS = isTerminal(2);

  private Terminal() {}

  /** Whether the standard output is a terminal that may be coloured; see no-color.org. */
  static boolean wantsColours() {
    String noColour = System.getenv("NO_COLOR");
    return OUTPUT
        && (noColour == null || noColour.isEmpty())
        && !"dumb".equals(System.getenv("TERM"));
  }

  /** Whether a line on the error output can be drawn again and again. */
  static boolean showsProgress() {
    return ERRORS && !"dumb".equals(System.getenv("TERM"));
  }

  /**
   * Asks for a password, which is not shown while it is typed; null where there is no terminal.
   *
   * @param question ends with a blank
   */
  @SuppressWarnings("SystemConsoleNull") // it is null in Java 25 where there is no terminal
  static @Nullable String password(String question) {
    Console console = System.console();
    char[] typed =
        console != null && console.isTerminal() ? console.readPassword("%s", question) : null;
    return typed == null ? null : new String(typed);
  }

  /**
   * The JDK tells only of input and output together. Linux names what each is connected to;
   * elsewhere the JDK's answer has to do.
   */
  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }
  }
}
