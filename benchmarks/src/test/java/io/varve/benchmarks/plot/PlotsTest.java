package io.varve.benchmarks.plot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import picocli.CommandLine;

/** Pictures of figures; that they look well, a test cannot say. */
class PlotsTest {
  private static final String CAMPAIGN =
      """
      {"kind": "campaign", "results": [
        {"workload": "append-16", "contender": "varve", "events_per_second": 200, "p99_micros": 9},
        {"workload": "append-1", "contender": "varve", "events_per_second": 100, "p99_micros": 5},
        {"workload": "append-1", "contender": "a <b>", "events_per_second": 50, "p99_micros": 7}
      ]}
      """;

  private static final String STEP =
      """
      {"events": %d, "append_requests_per_second": %d, "read_requests_per_second": 10,\
       "query_requests_per_second": 10, "scan_events_per_second": 10, "start_millis": 900,\
       "loaded_resident_bytes": 1048576, "started_resident_bytes": 1048576,\
       "loaded_heap_bytes": 1048576, "loaded_direct_bytes": 0}
      """;

  @TempDir Path folder;

  @Test
  void a_campaign_has_a_line_for_each_contender() throws Exception {
    Path campaign = Files.writeString(folder.resolve("campaign.json"), CAMPAIGN);

    int code =
        new CommandLine(new Plots())
            .execute("--campaign=" + campaign, "--out=" + folder.resolve("plots"));

    assertThat(code).isZero();
    Element picture = picture("append-rate.svg");
    assertThat(texts(picture)).contains("varve", "a <b>", "clients");
    assertThat(picture.getElementsByTagName("circle").getLength()).isEqualTo(3);
    // Nobody was asked for these.
    assertThat(folder.resolve("plots/batch-rate.svg")).doesNotExist();
  }

  @Test
  void growth_is_relative_to_the_first_step() throws Exception {
    Path growth =
        Files.writeString(
            folder.resolve("growth.jsonl"),
            STEP.formatted(1_000_000, 200) + STEP.formatted(10_000_000, 150));

    int code =
        new CommandLine(new Plots())
            .execute("--growth=" + growth, "--out=" + folder.resolve("plots"));

    assertThat(code).isZero();
    assertThat(picture("growth-rate.svg").getTextContent())
        .contains("appends: 1 M, 100", "appends: 10 M, 75");
    assertThat(folder.resolve("plots/growth-memory.svg")).isNotEmptyFile();
    assertThat(folder.resolve("plots/growth-start.svg")).isNotEmptyFile();
  }

  /** Parses it, so that it is well-formed. */
  private Element picture(String name) throws Exception {
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(folder.resolve("plots").resolve(name).toFile());
    return document.getDocumentElement();
  }

  private static String texts(Element picture) {
    StringBuilder all = new StringBuilder();
    var texts = picture.getElementsByTagName("text");
    for (int i = 0; i < texts.getLength(); i++) {
      all.append(texts.item(i).getTextContent()).append('\n');
    }
    return all.toString();
  }
}
