package io.varve.server.boot;

import java.lang.reflect.InvocationTargetException;

/**
 * Checks the JVM and hands over to the {@code varve} command.
 *
 * <p>Varve's classes are compiled for Java {@value #NEEDED} and an older JVM answers them with a
 * stack trace. This class is compiled for Java 17, so such a JVM can read it and say in one
 * sentence what is wrong. For the same reason it names the command by reflection only.
 */
public final class Boot {
  static final int NEEDED = 25;

  /** The exit code for "something about this machine's set-up is wrong", after sysexits.h. */
  static final int EX_CONFIG = 78;

  private static final String COMMAND = "io.varve.server.cli.VarveCommand";

  private Boot() {}

  /** Exits with code {@value #EX_CONFIG} on too old a JVM, otherwise runs the command. */
  public static void main(String[] args) throws Throwable {
    int running = Runtime.version().feature();
    if (!isEnough(running)) {
      System.err.println(refusalOf(running));
      System.exit(EX_CONFIG);
    }
    try {
      Class.forName(COMMAND).getMethod("main", String[].class).invoke(null, (Object) args);
    } catch (InvocationTargetException thrownByTheCommand) {
      throw thrownByTheCommand.getCause();
    }
  }

  static boolean isEnough(int running) {
    return running >= NEEDED;
  }

  static String refusalOf(int running) {
    return "varve: needs Java %d or newer, but this is Java %d; start it with ./varve, which looks for one."
        .formatted(NEEDED, running);
  }
}
