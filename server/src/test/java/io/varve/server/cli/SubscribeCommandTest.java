package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.server.RunningServer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SubscribeCommandTest {
  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  private final String stream = "live-" + UUID.randomUUID();
  private final Tool varve = new Tool(SERVER.server());

  @Test
  void the_past_comes_first_and_then_what_is_appended_meanwhile() {
    append("Past");
    CompletableFuture<Tool.Run> following = follow("subscribe", stream, "--limit", "2");

    append("Live");

    assertThat(following.join().succeeds().lines())
        .extracting(event -> event.get("type").getAsString())
        .containsExactly("Past", "Live");
  }

  @Test
  void the_past_may_be_left_out() {
    append("Past");
    CompletableFuture<Tool.Run> following =
        follow("subscribe", "--prefix", stream, "--now", "--limit", "1");

    append("Live");

    assertThat(following.join().succeeds().line().get("type").getAsString()).isEqualTo("Live");
  }

  @Test
  void it_ends_when_it_has_caught_up_if_it_is_told_to() {
    append("A");
    append("B");

    assertThat(varve.run("subscribe", stream, "--until-caught-up").succeeds().lines()).hasSize(2);
    assertThat(varve.run("subscribe", stream, "--until-caught-up", "--after", "1").line())
        .satisfies(event -> assertThat(event.get("type").getAsString()).isEqualTo("B"));
    assertThat(varve.run("subscribe", "--tag", "none", "--until-caught-up").succeeds().output())
        .isEmpty();
  }

  @Test
  void options_that_do_not_go_together_are_64() {
    varve.run("subscribe", "--now", "--after", "1").fails(ExitCode.USAGE, "--now", "--after");
    varve.run("subscribe", stream, "--tag", "t").fails(ExitCode.USAGE, "--tag");
    varve.run("subscribe", "--limit", "-1").fails(ExitCode.USAGE, "--limit");
  }

  @Test
  void what_the_store_refuses_ends_it() {
    varve.run("subscribe", "a\nb").fails(ExitCode.REFUSED, "stream");
    varve.run("streams", "tombstone", stream, "--yes").succeeds();
    varve.run("subscribe", stream).fails(ExitCode.NOT_THERE, stream);
  }

  /** Starts to follow, and returns once the store knows of it. */
  private CompletableFuture<Tool.Run> follow(String... arguments) {
    int before = SERVER.server().subscriptions();
    Tool tool = new Tool(SERVER.server());
    CompletableFuture<Tool.Run> run = CompletableFuture.supplyAsync(() -> tool.run(arguments));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> run.isDone() || SERVER.server().subscriptions() > before);
    return run;
  }

  private void append(String type) {
    varve.run("append", stream, "--type", type).succeeds();
  }
}
