package io.varve.server.cli;

import io.varve.client.VarveClient;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
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

/** {@code varve subscribe}: prints events as they are appended. */
@Command(
    name = "subscribe",
    description = {
      "Follows a stream or the log, one line of JSON an event.",
      "",
      "The past first, then live, until Ctrl-C (which ends it with 130). A lost link is told on"
          + " the",
      "error output; the subscription connects again and goes on where it was, nothing missing and",
      "nothing twice.",
      ""
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class SubscribeCommand implements Callable<Integer> {
  @Spec private CommandSpec command;

  @Parameters(paramLabel = "STREAM", arity = "0..1", description = "The stream. Default: the log.")
  private @Nullable String stream;

  @Option(
      names = "--after",
      paramLabel = "N",
      description = "Start after this version of the stream, or position of the log.")
  private @Nullable Long after;

  @Option(names = "--now", description = "Leave the past out.")
  private boolean now;

  @Option(names = "--limit", paramLabel = "N", description = "End after so many events.")
  private long limit;

  @Option(
      names = "--until-caught-up",
      description = "End once all that there was has been printed.")
  private boolean untilCaughtUp;

  @Option(
      names = "--checkpoints",
      description = {
        "Also print lines such as {\"checkpoint\":812}, for where to start again with --after,"
            + " though",
        "no event matched. Log only."
      })
  private boolean checkpoints;

  @Mixin private QueryOptions query;
  @Mixin private Connection connection;
  @Mixin private Output output;

  @Override
  public Integer call() {
    if (after != null && now) {
      throw usage("--after and --now are two different starts");
    }
    if ((after != null && after < 0) || limit < 0) {
      throw usage("--after and --limit must not be negative");
    }
    if (stream != null && query.isGiven()) {
      throw usage(
          "--type, --tag, --prefix, --category and --query are for the log; leave out STREAM, or"
              + " them");
    }
    try (VarveClient store = connection.open()) {
      Printer printer = new Printer();
      try (Subscription subscription = subscribe(store, printer)) {
        CompletableFuture.anyOf(printer.done, subscription.closed()).join();
      }
    }
    return ExitCode.OK.code();
  }

  private Subscription subscribe(VarveClient store, SubscriptionListener listener) {
    if (stream != null) {
      SubscribeToStream request = SubscribeToStream.of(stream);
      return store.subscribeToStream(
          now ? request.fromNow() : after == null ? request : request.after(after), listener);
    }
    SubscribeToLog request = SubscribeToLog.all().query(query.query());
    return store.subscribeToLog(
        now ? request.fromNow() : after == null ? request : request.after(after), listener);
  }

  /** Prints on the subscription's thread; each line is out before the next event is asked for. */
  private final class Printer implements SubscriptionListener {
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private long printed;

    @Override
    public void onEvent(RecordedEvent event) {
      if (done.isDone()) {
        return;
      }
      output.lineNow(EventJson.readable(event));
      printed++;
      if (printed == limit) {
        done.complete(null);
      }
    }

    @Override
    public void onCheckpoint(long position) {
      if (checkpoints && stream == null && !done.isDone()) {
        output.lineNow(new JsonLine().put("checkpoint", position).end());
      }
    }

    @Override
    public void onCaughtUp(long position) {
      if (untilCaughtUp) {
        done.complete(null);
      }
    }

    @Override
    public void onReconnecting(VarveException cause) {
      output.say("the link was lost, connecting again: " + cause.getMessage());
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
