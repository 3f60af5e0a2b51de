package io.varve.server.cli;

import org.jspecify.annotations.Nullable;

/**
 * Ends a command with a sentence for people and an {@link ExitCode} for scripts. Thrown by
 * commands; {@link Failures} prints it.
 */
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final ExitCode exitCode;

  /**
   * @param sentence without "varve: " before it
   */
  CommandFailure(ExitCode exitCode, String sentence) {
    this(exitCode, sentence, null);
  }

  CommandFailure(ExitCode exitCode, String sentence, @Nullable Throwable cause) {
    super(sentence, cause);
    this.exitCode = exitCode;
  }

  ExitCode exitCode() {
    return exitCode;
  }
}
