package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.server.OfflineUsers;
import io.varve.server.StartFailure;
import io.varve.server.config.ServerConfig;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve users}: who may use a store. */
@Command(
    name = "users",
    description = "Users of a store that no server has open.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = UsersCommand.Add.class)
final class UsersCommand {

  /** {@code varve users add}: the first administrator, or a new password for one. */
  @Command(
      name = "add",
      description = {
        "Adds a user, or gives one another role and password. The store must not be open; whoever",
        "may write to its folder may do this."
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  static final class Add implements Callable<Integer> {
    private static final int MIN_PASSWORD_BYTES = 8;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "NAME", description = "The user's name.")
    private String name = "";

    @Option(
        names = "--data",
        required = true,
        paramLabel = "DIR",
        description = "The folder that holds the store.")
    private Path data = Path.of("");

    @Option(
        names = "--role",
        paramLabel = "ROLE",
        defaultValue = "administrator",
        description = "reader, writer, manager or administrator. Default: ${DEFAULT-VALUE}.")
    private String role = "";

    @Option(
        names = "--password-file",
        paramLabel = "FILE",
        description =
            "The password is the first line of this file. Otherwise it is in VARVE_PASSWORD, or"
                + " asked for.")
    private @Nullable Path passwordFile;

    @Override
    public Integer call() throws IOException {
      if (name.isBlank() || name.indexOf(':') >= 0) {
        throw usage("the name must not be empty and not contain \":\"");
      }
      Role given;
      try {
        given = Role.of(role);
      } catch (IllegalArgumentException e) {
        throw usage("--role: " + e.getMessage());
      }
      String password = password();
      if (password.getBytes(UTF_8).length < MIN_PASSWORD_BYTES) {
        throw usage("the password must have at least " + MIN_PASSWORD_BYTES + " bytes");
      }
      try {
        OfflineUsers.save(ServerConfig.defaults().with(Settings.DATA, data), name, given, password);
      } catch (StartFailure e) {
        throw new CommandFailure(ExitCode.of(e.kind()), String.valueOf(e.getMessage()), e);
      }
      spec.commandLine().getOut().println("user " + name + " is " + given.word());
      return ExitCode.OK.code();
    }

    private String password() throws IOException {
      if (passwordFile != null) {
        return Files.readString(passwordFile).lines().findFirst().orElse("");
      }
      String variable = System.getenv("VARVE_PASSWORD");
      if (variable != null) {
        return variable;
      }
      Console console = System.console();
      char[] typed = console == null ? null : console.readPassword("password for %s: ", name);
      if (typed == null) {
        throw usage("there is no password: say --password-file FILE, or set VARVE_PASSWORD");
      }
      return new String(typed);
    }

    private ParameterException usage(String sentence) {
      return new ParameterException(spec.commandLine(), sentence);
    }
  }
}
