package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.UserRole;
import io.varve.server.OfflineUsers;
import io.varve.server.security.Role;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve users}: who may use a store with a name and a password. */
@Command(
    name = "users",
    description = {
      "Who may use a store with a name and a password.",
      "",
      "Of a running store, as an administrator; or with --data of a data folder that no server has"
          + " open,",
      "as whoever may write there: so the first administrator is made, and a lost password"
          + " replaced."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
final class UsersCommand {
  private static final int MIN_PASSWORD_BYTES = 8;

  private final Function<Path, OfflineUsers> offlineUsers;

  @Spec private CommandSpec command;

  /**
   * @param offlineUsers the users of the store in a folder
   */
  UsersCommand(Function<Path, OfflineUsers> offlineUsers) {
    this.offlineUsers = offlineUsers;
  }

  /** Which store's users are meant. */
  static final class Offline {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "The users of the store in this folder, which no server has open.")
    private @Nullable Path folder;
  }

  @Command(
      description = "Adds a user. Ends with 4 if there is one of this name.",
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int add(
      @Parameters(paramLabel = "NAME", description = "The user's name, without \":\".") String name,
      @Option(
              names = "--role",
              paramLabel = "ROLE",
              required = true,
              description = "reader, writer, manager or administrator.")
          Role role,
      @Mixin NewPassword newPassword,
      @Mixin Offline offline,
      @Mixin Connection connection,
      @Mixin Output output) {
    String password = checked("add", name, newPassword.of(name));
    Path folder = offline.folder;
    if (folder != null) {
      if (!OfflineFailures.told(() -> offlineUsers.apply(folder).add(name, role, password))) {
        throw isThere(name);
      }
    } else {
      try (VarveClient store = connection.open()) {
        if (isThere(store, name)) {
          throw isThere(name);
        }
        store.access().saveUser(name, UserRole.valueOf(role.name()), password);
      }
    }
    output.lineNow(lineOf(name, role.word()));
    return ExitCode.OK.code();
  }

  private static CommandFailure isThere(String name) {
    return new CommandFailure(
        ExitCode.CONFLICT, "there is a user " + name + " already; \"varve users set\" changes one");
  }

  @Command(
      description = {
        "Gives a user another role, or another password, or both. Calls under way as this user"
            + " end.",
        "Ends with 66 if there is no such user."
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int set(
      @Parameters(paramLabel = "NAME", description = "The user's name.") String name,
      @Option(
              names = "--role",
              paramLabel = "ROLE",
              description =
                  "reader, writer, manager or administrator. Not given: the one they have.")
          @Nullable Role role,
      @Option(
              names = "--password",
              description = "Ask for a new password, or take it from VARVE_NEW_PASSWORD.")
          boolean asks,
      @Mixin NewPassword newPassword,
      @Mixin Offline offline,
      @Mixin Connection connection,
      @Mixin Output output) {
    String password =
        asks || newPassword.isGiven() ? checked("set", name, newPassword.of(name)) : null;
    if (role == null && password == null) {
      throw usage("set", "there is nothing to set: say --role, --password or --new-password-file");
    }
    Path folder = offline.folder;
    if (folder != null) {
      if (!OfflineFailures.told(() -> offlineUsers.apply(folder).set(name, role, password))) {
        throw isNotThere(name);
      }
    } else {
      try (VarveClient store = connection.open()) {
        if (!isThere(store, name)) {
          throw isNotThere(name);
        }
        store
            .access()
            .saveUser(name, role == null ? null : UserRole.valueOf(role.name()), password);
      }
    }
    output.say("user " + name + " is changed");
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Removes a user. Calls under way as this user end. Ends with 66 if there is no such user."
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int remove(
      @Parameters(paramLabel = "NAME", description = "The user's name.") String name,
      @Mixin Offline offline,
      @Mixin Connection connection,
      @Mixin Output output) {
    Path folder = offline.folder;
    boolean removed;
    if (folder != null) {
      removed = OfflineFailures.told(() -> offlineUsers.apply(folder).remove(name));
    } else {
      try (VarveClient store = connection.open()) {
        removed = store.access().removeUser(name);
      }
    }
    if (!removed) {
      throw isNotThere(name);
    }
    output.say("user " + name + " is removed");
    return ExitCode.OK.code();
  }

  @Command(
      description = "Lists the users, one line of JSON each.",
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int list(@Mixin Offline offline, @Mixin Connection connection, @Mixin Output output) {
    Path folder = offline.folder;
    if (folder != null) {
      OfflineFailures.told(() -> offlineUsers.apply(folder).list())
          .forEach((name, role) -> output.line(lineOf(name, role.word())));
    } else {
      try (VarveClient store = connection.open()) {
        store
            .access()
            .users()
            .forEach(
                user ->
                    output.line(lineOf(user.name(), user.role().name().toLowerCase(Locale.ROOT))));
      }
    }
    output.flush();
    return ExitCode.OK.code();
  }

  private static String lineOf(String name, String role) {
    return new JsonLine().put("name", name).put("role", role).end();
  }

  private static boolean isThere(VarveClient store, String name) {
    return store.access().users().stream().anyMatch(user -> user.name().equals(name));
  }

  private static CommandFailure isNotThere(String name) {
    return new CommandFailure(ExitCode.NOT_THERE, "there is no user " + name);
  }

  /** The store checks the same; a data folder has nobody else who would. */
  private String checked(String subcommand, String name, String password) {
    if (name.isBlank() || name.indexOf(':') >= 0) {
      throw usage(subcommand, "the name must not be empty and not contain \":\"");
    }
    if (password.getBytes(StandardCharsets.UTF_8).length < MIN_PASSWORD_BYTES) {
      throw usage(subcommand, "the password must have at least " + MIN_PASSWORD_BYTES + " bytes");
    }
    return password;
  }

  private ParameterException usage(String subcommand, String sentence) {
    return new ParameterException(command.subcommands().get(subcommand), sentence);
  }
}
