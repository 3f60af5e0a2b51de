package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.NewToken;
import io.varve.client.streams.TokenInfo;
import io.varve.server.config.Durations;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve tokens}: what programs use a store with. */
@Command(
    name = "tokens",
    description = "Tokens, which programs use a store with. For administrators.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
final class TokensCommand {
  @Spec private CommandSpec command;

  @Command(
      description = {
        "Makes a token and prints it, this once, as a line of JSON.",
        "",
        "A permission is read, append, manage, consume or administer; all but the last may be for"
            + " names",
        "that begin in some way (append:account-) or for a category (read:category=account).",
        ""
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int create(
      @Parameters(paramLabel = "NAME", description = "What the token is for, in words.")
          String name,
      @Option(
              names = "--allow",
              paramLabel = "PERMISSION",
              required = true,
              split = ",",
              description = "What it allows; may be given several times.")
          List<String> permissions,
      @Option(
              names = "--expires-in",
              paramLabel = "TIME",
              description = "It is worth nothing after this time, such as 30d. Default: never.")
          @Nullable String expiresIn,
      @Option(names = "--raw", description = "Print the token alone, to be put into a file.")
          boolean raw,
      @Mixin Connection connection,
      @Mixin Output output) {
    Instant expiresAt = expiresIn == null ? null : after(expiresIn);
    try (VarveClient store = connection.open()) {
      NewToken made = store.access().createToken(name, permissions, expiresAt);
      if (raw) {
        output.out().println(made.token());
        output.flush();
      } else {
        output.lineNow(put(new JsonLine().put("token", made.token()), made.info()));
      }
    }
    return ExitCode.OK.code();
  }

  private Instant after(String text) {
    try {
      return Clock.systemUTC().instant().plus(Durations.parse(text));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          command.subcommands().get("create"), "--expires-in " + e.getMessage(), e);
    }
  }

  @Command(
      description = "Lists the tokens without their secrets, one line of JSON each.",
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int list(@Mixin Connection connection, @Mixin Output output) {
    try (VarveClient store = connection.open()) {
      store.access().tokens().forEach(token -> output.line(put(new JsonLine(), token)));
      output.flush();
    }
    return ExitCode.OK.code();
  }

  private static String put(JsonLine line, TokenInfo token) {
    return line.put("id", token.id())
        .put("name", token.name())
        .put("permissions", token.permissions())
        .put("expires_at", token.expiresAt())
        .end();
  }

  @Command(
      description = {
        "Makes a token worthless. Calls under way with it end. Ends with 66 if there is no such"
            + " token."
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int revoke(
      @Parameters(paramLabel = "ID", description = "The token's id, from list.") String id,
      @Mixin Connection connection,
      @Mixin Output output) {
    try (VarveClient store = connection.open()) {
      if (!store.access().revokeToken(id)) {
        throw new CommandFailure(ExitCode.NOT_THERE, "there is no token " + id);
      }
    }
    output.say("token " + id + " is revoked");
    return ExitCode.OK.code();
  }
}
