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
        "append --batch 10 --payload 0",
        "append --rate 50",
        "append --connections 1",
        "read --events 3",
        "scan --events 100",
        "subscribe --subscribers 3 --rate 50"
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
  void what_cannot_be_measured_is_64() {
    varve.run("bench", "append", "--clients", "0").fails(ExitCode.USAGE, "--clients");
    varve.run("bench", "append", "--duration", "0").fails(ExitCode.USAGE, "--duration");
    varve.run("bench", "append", "--batch", "0").fails(ExitCode.USAGE, "--batch");
    varve.run("bench", "read", "--rate", "0").fails(ExitCode.USAGE, "--rate");
    varve.run("bench", "sing").fails(ExitCode.USAGE, "sing");
  }
}
