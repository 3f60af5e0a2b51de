package io.varve.benchmarks.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A campaign of a moment, on what needs no process of its own. How fast it is, a test cannot say.
 */
class CampaignTest {
  @TempDir Path folder;

  @Test
  void every_round_is_in_the_figures_and_nothing_is_left_behind() throws Exception {
    Path json = folder.resolve("campaign.json");
    Path data = folder.resolve("data");

    int code =
        new CommandLine(new Campaign())
            .execute(
                "--contenders=raw-rocksdb,kafka",
                "--kafka-libraries=" + folder.resolve("nowhere"),
                "--workloads=append-16,batch-10",
                "--rounds=3",
                "--warm-up=0",
                "--seconds=1",
                "--data=" + data,
                "--json=" + json);

    assertThat(code).isZero();
    assertThat(data).isEmptyDirectory();
    JsonNode all = JsonMapper.shared().readTree(Files.readString(json));
    assertThat(all.path("results").size()).isEqualTo(2);
    for (JsonNode result : all.path("results")) {
      assertThat(result.path("contender").asString()).isEqualTo("raw-rocksdb");
      assertThat(result.path("events_per_second").asDouble()).isPositive();
      assertThat(result.path("p50_micros").asDouble())
          .isLessThanOrEqualTo(result.path("p99_micros").asDouble());
      assertThat(result.path("rounds_events_per_second").size()).isEqualTo(3);
    }
    assertThat(all.path("left_out").path(0).path("contender").asString()).isEqualTo("kafka");
    assertThat(all.path("left_out").path(0).path("why").asString()).contains("contenders/pom.xml");
  }

  @Test
  void what_nobody_knows_is_refused() {
    StringWriter said = new StringWriter();
    CommandLine campaign = new CommandLine(new Campaign()).setErr(new PrintWriter(said));

    assertThat(campaign.execute("--contenders=oracle")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(said.toString()).contains("oracle", "postgresql-table");
    assertThat(campaign.execute("--workloads=sing")).isEqualTo(CommandLine.ExitCode.USAGE);
  }

  @Test
  void workloads_have_names_of_their_own() {
    assertThat(new HashSet<>(Workload.all().stream().map(Workload::name).toList()))
        .hasSameSizeAs(Workload.all());
  }
}
