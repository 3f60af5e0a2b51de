package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerListener;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code varve groups consume}: prints what a group delivers, and tells the group that it is done.
 */
@Command(
    name = "consume",
    description = {
      "Joins a group and prints what it delivers, one line of JSON an event.",
      "",
      "An event is done once its line has been written; whoever gets it twice after a crash sees"
          + " the same",
      "id. Until Ctrl-C (which ends it with 130). Ends with 69 when the link is lost, with 66 when"
          + " the",
      "group is deleted and with 4 when somebody stops it; what was not written is delivered to"
          + " others.",
      "A group that is stopped goes on when somebody joins.",
      ""
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class GroupsConsumeCommand implements Callable<Integer> {
  /** Enough to keep lines coming, few enough that the others of the group get their share. */
  private static final int CREDIT = 20;

  @Spec private CommandSpec command;

  @Parameters(paramLabel = "GROUP", description = "The group.")
  private String group = "";

  @Option(
      names = "--as",
      paramLabel = "NAME",
      defaultValue = "varve",
      description = "The name by which \"varve groups show\" lists it. Default: ${DEFAULT-VALUE}.")
  private String name = "";

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "End after so many events; no more are taken from the group.")
  private long limit;

  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() {
    if (limit < 0) {
      throw new ParameterException(
          command.commandLine(), "--limit must be 1 or higher, was " + limit);
    }
    try (VarveClient store = connection.open()) {
      Printer printer = new Printer();
      JoinGroup request = JoinGroup.of(group).as(name).credit(printer.firstCredit());
      try (GroupConsumer consumer = store.consumerGroups().consume(request, printer)) {
        CompletableFuture.anyOf(printer.done, consumer.closed()).join();
      }
    }
    return ExitCode.OK.code();
  }

  /** Prints on the consumer's thread: a line is out before its event is acked. */
  private final class Printer implements ConsumerListener {
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private long credited = limit > 0 ? Math.min(limit, CREDIT) : CREDIT;
    private long printed;

    int firstCredit() {
      return (int) credited;
    }

    @Override
    public void onEvent(DeliveredEvent event, GroupConsumer consumer) {
      output.lineNow(GroupJson.line(event));
      consumer.ack(event);
      printed++;
      if (printed == limit) {
        done.complete(null);
      } else if (limit == 0 || credited < limit) {
        credited++;
        consumer.credit(1);
      }
    }
  }
}
