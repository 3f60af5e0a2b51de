package io.varve.server.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code varve completion}: what a shell needs to complete the command. */
@Command(
    name = "completion",
    description = {
      "Prints a script with which bash or zsh completes commands and options.",
      "",
      "For this shell:           source <(varve completion)",
      "For all of yours in bash: varve completion >"
          + " ~/.local/share/bash-completion/completions/varve",
      ""
    },
    mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Override
  public Integer call() {
    String script = AutoComplete.bash("varve", command.root().commandLine());
    command.commandLine().getOut().print(script);
    command.commandLine().getOut().flush();
    return ExitCode.OK.code();
  }
}
