package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import io.varve.client.VarveClient;
import io.varve.client.streams.GroupConsumer;
import io.varve.client.streams.JoinGroup;
import io.varve.client.streams.NackAction;
import io.varve.server.RunningServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code varve groups}. */
class GroupsCommandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  private final String id = UUID.randomUUID().toString().replace("-", "");
  private final String stream = "mail-" + id;
  private final String group = "g" + id;
  private final Tool varve = new Tool(SERVER.server());

  @Test
  void a_group_is_created_on_a_stream_or_under_a_query_and_shown() {
    append(2);

    JsonObject created =
        varve.run("groups", "create", group, "--stream", stream, "--after", "1").succeeds().line();
    assertThat(created.get("group").getAsString()).isEqualTo(group);
    assertThat(created.get("stream").getAsString()).isEqualTo(stream);
    assertThat(created.get("checkpoint").getAsLong()).isEqualTo(1);
    assertThat(created.get("consumers").getAsJsonArray()).isEmpty();
    assertThat(created.get("strategy").getAsString()).isEqualTo("round_robin");
    assertThat(created.get("ack_timeout").getAsString()).isEqualTo("30s");

    JsonObject onLog =
        varve
            .run("groups", "create", group + "2", "--type", "A", "--tag", "t", "--now")
            .succeeds()
            .line();
    assertThat(onLog.get("query").toString())
        .isEqualTo("{\"items\":[{\"types\":[\"A\"],\"tags\":[\"t\"]}]}");
    assertThat(varve.run("groups", "list").succeeds().lines())
        .extracting(line -> line.get("group").getAsString())
        .containsSubsequence(group, group + "2");
    assertThat(varve.run("groups", "list", "--limit", "1").succeeds().lines()).hasSize(1);
    assertThat(lag()).isEqualTo(1);
  }

  @Test
  void a_name_that_is_taken_is_4_and_one_that_is_unknown_66() {
    create();

    varve.run("groups", "create", group).fails(ExitCode.CONFLICT, group);
    for (List<String> command :
        List.of(
            List.of("show"),
            List.of("update", "--max-retries", "1"),
            List.of("delete", "--yes"),
            List.of("parked"),
            List.of("replay"),
            List.of("discard", "--all"),
            List.of("consume"))) {
      varve.run(of(command, "nobody")).fails(ExitCode.NOT_THERE, "nobody");
    }
  }

  @Test
  void settings_that_are_not_named_stay_as_they_are() {
    varve
        .run(
            "groups",
            "create",
            group,
            "--strategy",
            "pinned",
            "--ack-timeout",
            "5m",
            "--max-retries",
            "0",
            "--buffer-size",
            "50",
            "--max-in-flight",
            "7",
            "--checkpoint-after-events",
            "9",
            "--checkpoint-after",
            "100ms")
        .succeeds();

    JsonObject updated =
        varve.run("groups", "update", group, "--max-in-flight", "8").succeeds().line();

    assertThat(updated.get("max_in_flight").getAsInt()).isEqualTo(8);
    assertThat(updated.get("strategy").getAsString()).isEqualTo("pinned");
    assertThat(updated.get("ack_timeout").getAsString()).isEqualTo("5m");
    assertThat(updated.get("max_retries").getAsInt()).isZero();
    assertThat(updated.get("buffer_size").getAsInt()).isEqualTo(50);
    assertThat(updated.get("checkpoint_after_events").getAsInt()).isEqualTo(9);
    assertThat(updated.get("checkpoint_after").getAsString()).isEqualTo("100ms");
  }

  @Test
  void options_that_are_wrong_are_64_and_what_the_store_refuses_65() {
    varve.run("groups", "create", group, "--now", "--after", "1").fails(ExitCode.USAGE, "--now");
    varve.run("groups", "create", group, "--after", "-1").fails(ExitCode.USAGE, "--after");
    varve
        .run("groups", "create", group, "--stream", "s", "--tag", "t")
        .fails(ExitCode.USAGE, "--stream", "--tag", "groups create --help");
    varve.run("groups", "create", group, "--strategy", "x").fails(ExitCode.USAGE, "--strategy");
    varve
        .run("groups", "create", group, "--ack-timeout", "soon")
        .fails(ExitCode.USAGE, "--ack-timeout", "soon");
    varve.run("groups", "create", group, "--buffer-size", "0").fails(ExitCode.USAGE, "1 or higher");
    varve.run("groups", "create", group, "--ack-timeout", "2d").fails(ExitCode.REFUSED, "timeout");
    varve.run("groups", "create", "").fails(ExitCode.REFUSED, "name");
    varve.run("groups", "update", group).fails(ExitCode.USAGE, "--max-retries");
    varve.run("groups", "delete", group).fails(ExitCode.USAGE, "--yes");
    varve.run("groups", "discard", group).fails(ExitCode.USAGE, "--position", "--all");
    varve
        .run("groups", "discard", group, "--all", "--position", "1")
        .fails(ExitCode.USAGE, "--position", "--all");
    varve.run("groups", "replay", group, "--position", "0").fails(ExitCode.USAGE, "--position");
    varve.run("groups", "list", "--limit", "-1").fails(ExitCode.USAGE, "--limit");
    varve.run("groups", "consume", group, "--limit", "-1").fails(ExitCode.USAGE, "--limit");
    varve.run("groups", "consum", group).fails(ExitCode.USAGE, "did you mean consume?");
    varve.run("groups", "show", group).fails(ExitCode.NOT_THERE, group);
  }

  @Test
  void what_is_consumed_is_printed_and_done() {
    append(3);
    create();

    assertThat(varve.run("groups", "consume", group, "--limit", "2").succeeds().lines())
        .extracting(event -> event.get("version").getAsLong())
        .containsExactly(1L, 2L);
    await().atMost(PATIENCE).until(() -> lag() == 1);
    assertThat(
            varve.run("groups", "consume", group, "--limit", "1").line().get("version").getAsLong())
        .isEqualTo(3);
    await().atMost(PATIENCE).until(() -> lag() == 0);
  }

  @Test
  void an_event_whose_line_cannot_be_written_is_not_done() {
    append(1);
    create();
    StringWriter errors = new StringWriter();

    int code =
        Tool.run(
            new PrintWriter(new FullDisk()), errors, varve.withAddress("groups", "consume", group));

    assertThat(code).as(errors.toString()).isNotZero();
    JsonObject again = varve.run("groups", "consume", group, "--limit", "1").succeeds().line();
    assertThat(again.get("version").getAsLong()).isEqualTo(1);
  }

  @Test
  void a_group_that_goes_ends_who_consumes_it() {
    create();
    Tool other = new Tool(SERVER.server());
    CompletableFuture<Tool.Run> consuming =
        CompletableFuture.supplyAsync(() -> other.run("groups", "consume", group, "--as", "c1"));
    await().atMost(PATIENCE).until(() -> consuming.isDone() || consumers() == 1);
    assertThat(show().toString()).contains("\"name\":\"c1\"");

    varve.run("groups", "delete", group, "--yes").succeeds();

    consuming.join().fails(ExitCode.NOT_THERE, group);
  }

  @Test
  void parked_events_are_listed_delivered_again_and_forgotten() {
    append(3);
    create();
    answerAll(3, NackAction.PARK, "no such mailbox");

    List<JsonObject> parked = varve.run("groups", "parked", group).succeeds().lines();
    assertThat(parked)
        .extracting(line -> line.get("version").getAsLong())
        .containsExactly(1L, 2L, 3L);
    assertThat(parked.getFirst().get("reason").getAsString()).isEqualTo("no such mailbox");
    assertThat(parked.getFirst().get("event").getAsJsonObject().get("type").getAsString())
        .isEqualTo("A");
    assertThat(varve.run("groups", "parked", group, "--limit", "1").lines()).hasSize(1);

    String second = parked.get(1).get("position").toString();
    assertThat(count("discarded", varve.run("groups", "discard", group, "--position", second)))
        .isEqualTo(1);
    String first = parked.getFirst().get("position").toString();
    assertThat(count("replaying", varve.run("groups", "replay", group, "--position", first)))
        .isEqualTo(1);
    JsonObject again = varve.run("groups", "consume", group, "--limit", "1").succeeds().line();
    assertThat(again.get("version").getAsLong()).isEqualTo(1);
    assertThat(again.get("replayed").getAsBoolean()).isTrue();
    await().atMost(PATIENCE).until(() -> show().get("parked").getAsLong() == 1);

    assertThat(count("replaying", varve.run("groups", "replay", group))).isEqualTo(1);
    assertThat(count("discarded", varve.run("groups", "discard", group, "--all"))).isEqualTo(1);
    assertThat(varve.run("groups", "parked", group).succeeds().output()).isEmpty();
  }

  @Test
  void a_stop_is_shown_and_the_next_to_consume_sets_the_group_going_again() {
    append(1);
    create();
    answerAll(1, NackAction.STOP, "the mail server is down");

    await().atMost(PATIENCE).until(() -> show().has("stop"));
    assertThat(show().get("stop").getAsJsonObject().get("reason").getAsString())
        .isEqualTo("the mail server is down");
    varve.run("groups", "consume", group, "--limit", "1").succeeds();
    await().atMost(PATIENCE).until(() -> !show().has("stop") && lag() == 0);
  }

  /** Answers so many events, and waits until the group knows. */
  private void answerAll(int events, NackAction action, String reason) {
    CompletableFuture<Void> answered = new CompletableFuture<>();
    try (VarveClient store = SERVER.server().client()) {
      GroupConsumer consumer =
          store
              .consumerGroups()
              .consume(
                  JoinGroup.of(group).credit(events),
                  (event, answers) -> {
                    answers.nack(event, action, reason);
                    if (event.event().version() == events) {
                      answered.complete(null);
                    }
                  });
      answered.join();
      consumer.close();
    }
    if (action == NackAction.PARK) {
      await().atMost(PATIENCE).until(() -> show().get("parked").getAsLong() == events);
    }
  }

  private static String[] of(List<String> command, String group) {
    List<String> all = new ArrayList<>(List.of("groups", command.getFirst(), group));
    all.addAll(command.subList(1, command.size()));
    return all.toArray(String[]::new);
  }

  private long count(String member, Tool.Run run) {
    return run.succeeds().line().get(member).getAsLong();
  }

  private JsonObject show() {
    return varve.run("groups", "show", group).succeeds().line();
  }

  private long lag() {
    return show().get("lag").getAsLong();
  }

  private int consumers() {
    return show().get("consumers").getAsJsonArray().size();
  }

  private void create() {
    varve.run("groups", "create", group, "--stream", stream).succeeds();
  }

  private void append(int events) {
    varve.given("{\"type\":\"A\"}\n".repeat(events)).run("append", stream).succeeds();
  }

  /** An output whose disk is full. */
  private static final class FullDisk extends Writer {
    @Override
    public void write(char[] text, int from, int count) {
      throw new UncheckedIOException(new IOException("No space left on device"));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
