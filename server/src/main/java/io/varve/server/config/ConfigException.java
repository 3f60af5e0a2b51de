package io.varve.server.config;

/** A configuration that cannot be, in one sentence that says what to correct, and where. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean commandLine;

  ConfigException(Origin origin, String sentence) {
    super(sentence);
    this.commandLine = origin instanceof Origin.CommandLine;
  }

  ConfigException(Origin origin, String sentence, Throwable cause) {
    super(sentence, cause);
    this.commandLine = origin instanceof Origin.CommandLine;
  }

  /** Whether the command line is what is wrong, rather than the environment or a file. */
  public boolean isCommandLine() {
    return commandLine;
  }
}
