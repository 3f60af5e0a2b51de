package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.varve.server.RunningServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That each shape runs and tells what it did; how fast, a test cannot say. */
class BenchCommandTest {
  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  private final Tool varve = new Tool(SERVER.server());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "append",
        "append --hot",
        "append --contend",
        "append --batch 10 --payload 0",
        "append --rate 50",
        "append --connections 1",
        "conditional",
        "conditional --hot",
        "pipeline --window 16 --connections 1",
        "pipeline --window 4 --batch 5 --rate 50",
        "mixed --readers 2 --events 3",
        "read --events 3",
        "scan --events 100",
        "scan --events 100 --type ToScan",
        "query --matches 2",
        "subscribe --subscribers 3 --rate 50",
        "group --consumers 2 --rate 50"
      })
  void a_shape_runs_and_tells_in_one_line_what_it_did(String shape) {
    varve.run("append", "something-1", "--type", "ToScan").succeeds();

    JsonObject line =
        varve
            .run(("bench " + shape + " --clients 4 --duration 1s --warm-up 0").split(" "))
            .succeeds()
            .line();

    assertThat(line.get("requests").getAsLong()).isPositive();
    assertThat(line.get("events").getAsLong())
        .isGreaterThanOrEqualTo(line.get("requests").getAsLong());
    JsonObject latency = line.getAsJsonObject("latency_micros");
    assertThat(latency.get("p50").getAsLong())
        .isPositive()
        .isLessThanOrEqualTo(latency.get("p99").getAsLong());
    assertThat(line.get("loop").getAsString())
        .isEqualTo(shape.contains("--rate") ? "open" : "closed");
  }

  @Test
  void an_open_loop_asks_as_often_as_it_is_told_to_and_no_more() {
    JsonObject line =
        varve
            .run("bench append --clients 2 --rate 20 --duration 2s --warm-up 0".split(" "))
            .succeeds()
            .line();

    assertThat(line.get("requests").getAsLong()).isEqualTo(40);
  }

  @Test
  void every_subscriber_gets_every_event() {
    JsonObject line =
        varve
            .run(
                "bench subscribe --subscribers 5 --clients 1 --rate 20 --duration 1s --warm-up 0"
                    .split(" "))
            .succeeds()
            .line();

    assertThat(line.get("deliveries").getAsLong()).isEqualTo(5 * line.get("requests").getAsLong());
  }

  @Test
  void a_group_gets_every_event_once() {
    JsonObject line =
        varve
            .run(
                "bench group --consumers 3 --clients 2 --rate 20 --duration 1s --warm-up 0"
                    .split(" "))
            .succeeds()
            .line();

    assertThat(line.get("deliveries").getAsLong()).isEqualTo(line.get("requests").getAsLong());
    assertThat(varve.run("groups", "list").succeeds().output()).doesNotContain("bench-");
  }

  @Test
  void reads_beside_appends_have_figures_of_their_own() {
    JsonObject line =
        varve
            .run("bench mixed --readers 2 --clients 1 --duration 1s --warm-up 0".split(" "))
            .succeeds()
            .line();

    assertThat(line.get("readers").getAsInt()).isEqualTo(2);
    assertThat(line.get("reads").getAsLong()).isPositive();
    assertThat(line.getAsJsonObject("read_latency_micros").get("p50").getAsLong()).isPositive();
  }

  @Test
  void clients_that_contend_for_a_stream_tell_how_often_they_tried_again() {
    JsonObject alone =
        varve
            .run("bench append --contend --clients 1 --duration 1s --warm-up 0".split(" "))
            .succeeds()
            .line();

    assertThat(alone.get("retries").getAsLong()).isZero();
  }

  @Test
  void what_cannot_be_measured_is_64() {
    varve.run("bench", "append", "--clients", "0").fails(ExitCode.USAGE, "--clients");
    varve.run("bench", "append", "--duration", "0").fails(ExitCode.USAGE, "--duration");
    varve.run("bench", "append", "--batch", "0").fails(ExitCode.USAGE, "--batch");
    varve.run("bench", "read", "--rate", "0").fails(ExitCode.USAGE, "--rate");
    varve.run("bench", "append", "--hot", "--contend").fails(ExitCode.USAGE, "--contend");
    varve.run("bench", "pipeline", "--window", "0").fails(ExitCode.USAGE, "--window");
    varve.run("bench", "mixed", "--readers", "0").fails(ExitCode.USAGE, "--readers");
    varve.run("bench", "query", "--matches", "0").fails(ExitCode.USAGE, "--matches");
    varve.run("bench", "group", "--consumers", "0").fails(ExitCode.USAGE, "--consumers");
    varve.run("bench", "sing").fails(ExitCode.USAGE, "sing");
  }
}
