package io.varve.server.cli;

import io.varve.server.Release;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The {@code varve} command: parses the command line, runs a subcommand, and ends with one of
 * {@link ExitCode}.
 */
@Command(
    name = "varve",
    description = "Varve keeps streams of immutable events and serves them over gRPC.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ServeCommand.class, CommandLine.HelpCommand.class},
    exitCodeListHeading = "%nExit codes:%n",
    footerHeading = "%nExample:%n",
    footer = {
      "  varve serve --data ./data --port 2113",
      "",
      "In a checkout, ./varve demo starts a store and the bank demo beside it."
    })
public final class VarveCommand {

  /** Runs the command and ends the process. */
  public static void main(String[] arguments) {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new VarveCommand());
    commandLine.getCommandSpec().usageMessage().exitCodeList(exitCodes());
    commandLine.getCommandSpec().version("varve " + Release.number());
    return commandLine
        .setExitCodeExceptionMapper(_ -> ExitCode.UNEXPECTED.code())
        .setParameterExceptionHandler(new UsageErrors());
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    Arrays.stream(ExitCode.values())
        .forEach(code -> codes.put(Integer.toString(code.code()), code.meaning()));
    return codes;
  }

  /** One sentence instead of a page of usage. */
  private static final class UsageErrors implements CommandLine.IParameterExceptionHandler {
    @Override
    public int handleParseException(CommandLine.ParameterException e, String[] arguments) {
      CommandLine command = e.getCommandLine();
      command
          .getErr()
          .println(
              "varve: "
                  + e.getMessage()
                  + "; see "
                  + command.getCommandSpec().qualifiedName()
                  + " --help");
      return ExitCode.USAGE.code();
    }
  }
}
