package io.varve.server.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A password that somebody is to have from now on; never on a command line, where others of the
 * machine see it. Add it to a command with {@code @Mixin}.
 */
final class NewPassword {
  private final Map<String, String> environment;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--new-password-file",
      paramLabel = "FILE",
      description = {
        "The user's password is the first line of this file. Otherwise it is in"
            + " VARVE_NEW_PASSWORD,",
        "or asked for."
      })
  private @Nullable Path file;

  NewPassword(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Whether it stands somewhere, so that nobody need be asked. */
  boolean isGiven() {
    return file != null || environment.containsKey("VARVE_NEW_PASSWORD");
  }

  String of(String user) {
    if (file != null) {
      return new SecretFile(file).read();
    }
    String password = environment.get("VARVE_NEW_PASSWORD");
    if (password == null) {
      password = Terminal.password("new password for " + user + ": ");
    }
    if (password == null) {
      throw new ParameterException(
          command.commandLine(),
          "there is no password: say --new-password-file FILE, or set VARVE_NEW_PASSWORD");
    }
    return password;
  }
}
