package io.varve.server.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Whether a person watches the standard output and the error output. */
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
