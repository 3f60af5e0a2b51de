package io.varve.server.cli;

import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What a tool prints: lines of JSON on the standard output, coloured on a terminal; what is said to
 * people besides goes to the error output. Add it to a command with {@code @Mixin}.
 */
final class Output {
  /** When to colour. */
  enum Colours {
    AUTO,
    ALWAYS,
    NEVER
  }

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--color",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description = {
        "Colour the JSON: always, never, or auto (on a terminal, unless NO_COLOR is set). Default:",
        "${DEFAULT-VALUE}."
      })
  private Colours colours = Colours.AUTO;

  /** Prints one line; it may stay in memory until the next {@link #flush}. */
  void line(String json) {
    out().println(coloured() ? JsonColours.paint(json) : json);
  }

  /** Prints one line, now. */
  void lineNow(String json) {
    line(json);
    flush();
  }

  void flush() {
    out().flush();
  }

  /** A sentence for people, on the error output. */
  void say(String sentence) {
    flush();
    err().println("varve: " + sentence);
    err().flush();
  }

  PrintWriter out() {
    return command.commandLine().getOut();
  }

  PrintWriter err() {
    return command.commandLine().getErr();
  }

  private boolean coloured() {
    return switch (colours) {
      case ALWAYS -> true;
      case NEVER -> false;
      case AUTO -> Terminal.wantsColours();
    };
  }
}
