package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroups;
import io.varve.client.streams.ParkedEvent;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve groups}: consumer groups, what they have done, and what they gave up on. */
@Command(
    name = "groups",
    description = "Consumer groups: how far they are, how they behave, and what they gave up on.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = GroupsConsumeCommand.class)
final class GroupsCommand {
  /** What the contract takes in one request. */
  private static final int MAX_POSITIONS = 10_000;

  @Spec private CommandSpec command;

  @Command(
      description = {
        "Lists groups in the order of their names, one line of JSON each.",
        "",
        "In it: checkpoint, the place up to which all is done, parked or skipped; lag, how many"
            + " events",
        "are still to be done, at most; and rates over the last minute.",
        ""
      },
      mixinStandardHelpOptions = true)
  int list(
      @Option(names = "--limit", paramLabel = "N", description = "At most so many.") long limit,
      @Mixin Connection connection,
      @Mixin Output output) {
    notNegative("list", limit);
    try (VarveClient store = connection.open()) {
      atMost(limit, store.consumerGroups().list())
          .forEach(group -> output.line(GroupJson.line(group)));
      output.flush();
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = "Shows one group. Ends with 66 if there is none of that name.",
      mixinStandardHelpOptions = true)
  int show(
      @Parameters(paramLabel = "GROUP", description = "The group.") String group,
      @Mixin Connection connection,
      @Mixin Output output) {
    try (VarveClient store = connection.open()) {
      output.lineNow(GroupJson.line(existing(store.consumerGroups(), group)));
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Creates a group on a stream, or on the events of the log that match. Ends with 4 if there"
            + " is",
        "one of that name.",
        "",
        "It keeps its place from now on, with or without consumers.",
        ""
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int create(
      @Parameters(paramLabel = "GROUP", description = "Its name.") String group,
      @Option(
              names = "--stream",
              paramLabel = "STREAM",
              description = "Only this stream, which need not exist yet. Default: the log.")
          @Nullable String stream,
      @Option(
              names = "--after",
              paramLabel = "N",
              description =
                  "Start after this version of the stream, or position of the log. Default: at the"
                      + " first event.")
          @Nullable Long after,
      @Option(names = "--now", description = "Leave the past out.") boolean now,
      @Mixin QueryOptions query,
      @Mixin GroupSettingOptions settings,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (after != null && now) {
      throw usage("create", "--after and --now are two different starts");
    }
    if (after != null && after < 0) {
      throw usage("create", "--after must not be negative, was " + after);
    }
    if (stream != null && query.isGiven()) {
      throw usage(
          "create",
          "--type, --tag, --prefix, --category and --query are for the log; leave out --stream, or"
              + " them");
    }
    ConsumerGroup created =
        stream != null
            ? ConsumerGroup.ofStream(group, stream)
            : ConsumerGroup.ofLog(group, query.query());
    created = now ? created.fromNow() : after == null ? created : created.after(after);
    created = created.settings(settings.onTopOf(ConsumerGroupSettings.defaults()));
    try (VarveClient store = connection.open()) {
      store.consumerGroups().create(created);
      output.lineNow(GroupJson.line(existing(store.consumerGroups(), group)));
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Changes how a group behaves, while it runs; its progress stays. What is not said stays as"
            + " it",
        "is.",
        ""
      },
      mixinStandardHelpOptions = true,
      sortOptions = false)
  int update(
      @Parameters(paramLabel = "GROUP", description = "The group.") String group,
      @Mixin GroupSettingOptions settings,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (!settings.isGiven()) {
      throw usage("update", "say what is to be otherwise, with --max-retries for example");
    }
    try (VarveClient store = connection.open()) {
      ConsumerGroups groups = store.consumerGroups();
      ConsumerGroupSettings before = existing(groups, group).group().settings();
      groups.update(group, settings.onTopOf(before));
      output.lineNow(GroupJson.line(existing(groups, group)));
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Deletes a group with its progress and its list of parked events; the log keeps all"
            + " events.",
        "",
        "Its consumers end. Nothing brings its progress back, so it wants --yes.",
        ""
      },
      mixinStandardHelpOptions = true)
  int delete(
      @Parameters(paramLabel = "GROUP", description = "The group.") String group,
      @Option(names = "--yes", description = "That is meant.") boolean yes,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (!yes) {
      throw usage(
          "delete", "what the group has done is forgotten, which nothing undoes; add --yes");
    }
    try (VarveClient store = connection.open()) {
      store.consumerGroups().delete(group);
      output.lineNow(new JsonLine().put("group", group).put("deleted", true).end());
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Lists the events that a group gave up on, in the order of the log, one line of JSON each.",
        "",
        "The event is missing in a line where it has been hidden or reclaimed since.",
        ""
      },
      mixinStandardHelpOptions = true)
  int parked(
      @Parameters(paramLabel = "GROUP", description = "The group.") String group,
      @Option(names = "--limit", paramLabel = "N", description = "At most so many.") long limit,
      @Mixin Connection connection,
      @Mixin Output output) {
    notNegative("parked", limit);
    try (VarveClient store = connection.open()) {
      Stream<ParkedEvent> parked = store.consumerGroups().listParked(group);
      atMost(limit, parked).forEach(event -> output.line(GroupJson.line(event)));
      output.flush();
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Delivers parked events again: all of them, or some.",
        "",
        "An event stays parked until it is done. Prints how many are on their way; those that were"
            + " so",
        "already, or are not parked, do not count.",
        ""
      },
      mixinStandardHelpOptions = true)
  int replay(
      @Parameters(paramLabel = "GROUP", description = "The group.") String group,
      @Option(
              names = "--position",
              paramLabel = "N",
              description = "Only the event at this position of the log; may be repeated.")
          @Nullable List<Long> positions,
      @Mixin Connection connection,
      @Mixin Output output) {
    checked("replay", positions);
    try (VarveClient store = connection.open()) {
      ConsumerGroups groups = store.consumerGroups();
      long count =
          positions == null ? groups.replayParked(group) : groups.replayParked(group, positions);
      output.lineNow(new JsonLine().put("group", group).put("replaying", count).end());
    }
    return ExitCode.OK.code();
  }

  @Command(
      description = {
        "Forgets parked events: the group is done with them. The log keeps them.",
        "",
        "Prints how many; events that are not parked do not count.",
        ""
      },
      mixinStandardHelpOptions = true)
  int discard(
      @Parameters(paramLabel = "GROUP", description = "The group.") String group,
      @Option(
              names = "--position",
              paramLabel = "N",
              description = "The event at this position of the log; may be repeated.")
          @Nullable List<Long> positions,
      @Option(names = "--all", description = "All that are parked now.") boolean all,
      @Mixin Connection connection,
      @Mixin Output output) {
    if (all == (positions != null)) {
      throw usage("discard", "say which parked events: --position, as often as needed, or --all");
    }
    checked("discard", positions);
    try (VarveClient store = connection.open()) {
      ConsumerGroups groups = store.consumerGroups();
      long count =
          positions == null ? groups.discardParked(group) : groups.discardParked(group, positions);
      output.lineNow(new JsonLine().put("group", group).put("discarded", count).end());
    }
    return ExitCode.OK.code();
  }

  private static ConsumerGroupInfo existing(ConsumerGroups groups, String group) {
    return groups
        .get(group)
        .orElseThrow(
            () -> new CommandFailure(ExitCode.NOT_THERE, "there is no group \"" + group + "\""));
  }

  private static <T> Stream<T> atMost(long limit, Stream<T> found) {
    return limit > 0 ? found.limit(limit) : found;
  }

  private void notNegative(String subcommand, long limit) {
    if (limit < 0) {
      throw usage(subcommand, "--limit must be 1 or higher, was " + limit);
    }
  }

  private void checked(String subcommand, @Nullable List<Long> positions) {
    if (positions == null) {
      return;
    }
    if (positions.size() > MAX_POSITIONS) {
      throw usage(subcommand, "--position may be given " + MAX_POSITIONS + " times at most");
    }
    for (long position : positions) {
      if (position < 1) {
        throw usage(subcommand, "--position must be 1 or higher, was " + position);
      }
    }
  }

  private ParameterException usage(String subcommand, String sentence) {
    return new ParameterException(command.subcommands().get(subcommand), sentence);
  }
}
