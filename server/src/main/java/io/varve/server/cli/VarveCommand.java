package io.varve.server.cli;

import io.varve.server.OfflineUsers;
import io.varve.server.Release;
import io.varve.server.config.Suggestion;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
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
    subcommands = {
      ServeCommand.class,
      AppendCommand.class,
      ReadCommand.class,
      SubscribeCommand.class,
      StreamsCommand.class,
      GroupsCommand.class,
      StatsCommand.class,
      HealthCommand.class,
      ExportCommand.class,
      ImportCommand.class,
      BenchCommand.class,
      CompletionCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      VerifyCommand.class,
      RebuildIndexesCommand.class,
      UsersCommand.class,
      TokensCommand.class,
      ArchiveCommand.class,
      CommandLine.HelpCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    footerHeading = "%nExample:%n",
    footer = {
      "  varve serve --data ./data --port 2113",
      "",
      "In a checkout, ./varve demo starts a store and the bank demo beside it."
    })
public final class VarveCommand {
  private static final int HELP_WIDTH = 100;

  /** Runs the command and ends the process. */
  public static void main(String[] arguments) {
    lookForNoLeaks();
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    CommandLine commandLine = commandLine(System.getenv());
    commandLine.setOut(LoudWriter.standardOutput());
    commandLine.setErr(LoudWriter.standardError());
    System.exit(execute(commandLine, arguments));
  }

  /**
   * Netty takes a stack trace of every 128th buffer to tell of one that was forgotten. gRPC forgets
   * none, and at full load that is thousands of stack traces a second. Netty reads this when its
   * first class is loaded.
   */
  private static void lookForNoLeaks() {
    String level = "io.grpc.netty.shaded.io.netty.leakDetection.level";
    if (System.getProperty(level) == null) {
      System.setProperty(level, "disabled");
    }
  }

  /** Runs the command; what it printed has been written when this returns. */
  private static int execute(CommandLine commandLine, String[] arguments) {
    int code = commandLine.execute(arguments);
    try {
      commandLine.getOut().flush();
      return code;
    } catch (UncheckedIOException e) {
      return new Failures().handleExecutionException(e, commandLine, commandLine.getParseResult());
    }
  }

  static CommandLine commandLine(Map<String, String> environment) {
    return commandLine(environment, OfflineUsers::new);
  }

  /** The same, with other users of the store in a folder. */
  static CommandLine commandLine(
      Map<String, String> environment, Function<Path, OfflineUsers> offlineUsers) {
    CommandLine commandLine =
        new CommandLine(new VarveCommand(), new Commands(environment, offlineUsers));
    commandLine.setUsageHelpWidth(HELP_WIDTH);
    commandLine.getCommandSpec().usageMessage().exitCodeList(exitCodes());
    commandLine.getCommandSpec().version("varve " + Release.number());
    return commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(new Failures())
        .setParameterExceptionHandler(new UsageErrors());
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    Arrays.stream(ExitCode.values())
        .forEach(code -> codes.put(Integer.toString(code.code()), code.meaning()));
    return codes;
  }

  /** Makes the subcommands, and hands the environment to those that ask for it. */
  private record Commands(
      Map<String, String> environment, Function<Path, OfflineUsers> offlineUsers)
      implements CommandLine.IFactory {
    @Override
    public <K> K create(Class<K> type) throws Exception {
      if (type == ServeCommand.class) {
        return type.cast(new ServeCommand(environment));
      }
      if (type == UsersCommand.class) {
        return type.cast(new UsersCommand(offlineUsers));
      }
      if (type == Connection.class) {
        return type.cast(new Connection(environment));
      }
      if (type == NewPassword.class) {
        return type.cast(new NewPassword(environment));
      }
      return CommandLine.defaultFactory().create(type);
    }
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
                  + suggestion(e)
                  + "; see "
                  + command.getCommandSpec().qualifiedName()
                  + " --help");
      command.getErr().flush();
      return ExitCode.USAGE.code();
    }

    private static String suggestion(CommandLine.ParameterException e) {
      List<String> unknown =
          e instanceof CommandLine.UnmatchedArgumentException unmatched
              ? unmatched.getUnmatched()
              : List.of();
      if (unknown.isEmpty()) {
        return "";
      }
      String first = unknown.getFirst();
      CommandLine.Model.CommandSpec command = e.getCommandLine().getCommandSpec();
      String name = first.replaceFirst("=.*", "");
      Set<String> known = new LinkedHashSet<>(command.subcommands().keySet());
      if (first.startsWith("-")) {
        known = new LinkedHashSet<>(command.optionsMap().keySet());
        known.addAll(command.negatedOptionsMap().keySet());
      }
      return Suggestion.of(name, known);
    }
  }
}
