package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.RunningServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code varve append} and {@code varve read}. */
class AppendAndReadTest {
  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  @TempDir Path folder;

  private final String stream = "account-" + UUID.randomUUID();
  private final Tool varve = new Tool(SERVER.server());

  @Test
  void an_event_from_options_comes_back_as_it_was_given() {
    String id = UUID.randomUUID().toString();

    JsonObject result =
        varve
            .run(
                "append",
                stream,
                "--type",
                "Opened",
                "--json",
                "{\"owner\": \"Ada\"}",
                "--tag",
                "a",
                "--tag",
                "b",
                "--metadata",
                "user=u=1",
                "--id",
                id,
                "--occurred-at",
                "2026-01-02",
                "--expect",
                "none")
            .succeeds()
            .line();

    assertThat(result.get("version").getAsLong()).isEqualTo(1);
    JsonObject event = varve.run("read", stream).succeeds().line();
    assertThat(event.get("position")).isEqualTo(result.get("position"));
    assertThat(event.get("recorded_at")).isEqualTo(result.get("recorded_at"));
    assertThat(event.get("json").toString()).isEqualTo("{\"owner\":\"Ada\"}");
    assertThat(event.get("tags").toString()).isEqualTo("[\"a\",\"b\"]");
    assertThat(event.get("metadata").toString()).isEqualTo("{\"user\":\"u=1\"}");
    assertThat(event.get("id").getAsString()).isEqualTo(id);
    assertThat(event.get("occurred_at").getAsString()).isEqualTo("2026-01-02T00:00:00Z");
  }

  @Test
  void a_repeat_under_the_same_id_writes_nothing_and_says_so() {
    String[] append = {
      "append", stream, "--type", "Opened", "--id", UUID.randomUUID().toString(), "--expect", "0"
    };
    varve.run(append).succeeds();

    assertThat(varve.run(append).succeeds().line().get("deduplicated").getAsBoolean()).isTrue();
    assertThat(varve.run("read", stream).lines()).hasSize(1);
  }

  @Test
  void a_stream_that_is_not_as_expected_is_4_and_nothing_is_written() {
    varve.run("append", stream, "--type", "Opened").succeeds();

    varve
        .run("append", stream, "--type", "Opened", "--expect", "none")
        .fails(ExitCode.CONFLICT, stream, "version 1");
    varve.run("append", stream, "--type", "Opened", "--expect", "7").fails(ExitCode.CONFLICT);
    assertThat(varve.run("read", stream).lines()).hasSize(1);
    varve.run("append", stream, "--type", "Closed", "--expect", "exists").succeeds();
  }

  @Test
  void lines_of_the_input_are_one_append() {
    JsonObject result =
        varve
            .given(
                """
                {"type": "A", "json": {"n": 1.10}, "tags": ["t"], "metadata": {"k": "v"}}

                {"type": "B", "text": "grüß", "content_type": "text/plain"}
                {"type": "C", "data": "/wAB", "stream": "%s", "position": 99}
                """
                    .formatted(stream))
            .run("append", stream, "--expect", "none")
            .succeeds()
            .line();

    assertThat(result.get("version").getAsLong()).isEqualTo(3);
    List<JsonObject> events = varve.run("read", stream).lines();
    assertThat(events.get(0).get("json").toString()).isEqualTo("{\"n\":1.10}");
    assertThat(events.get(1).get("text").getAsString()).isEqualTo("grüß");
    assertThat(events.get(2).get("data").getAsString()).isEqualTo("/wAB");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not json",
        "{\"type\": \"A\"",
        "{\"type\": \"A\"} x",
        "{\"kind\": \"A\"}",
        "{\"json\": 1}",
        "{\"type\": \"A\", \"type\": \"B\"}",
        "{\"type\": \"A\", \"json\": 1, \"text\": \"x\"}",
        "{\"type\": \"A\", \"data\": \"?\"}",
        "{\"type\": \"A\", \"id\": \"1\"}",
        "{\"type\": \"A\", \"occurred_at\": \"yesterday\"}",
        "{\"type\": \"A\", \"stream\": \"another\"}",
        "{\"type\": 1, \"tags\": \"x\"}",
        "[]"
      })
  void a_line_that_is_no_event_is_named_and_nothing_is_written(String line) {
    varve
        .given("{\"type\": \"Fine\"}\n" + line + "\n")
        .run("append", stream)
        .fails(ExitCode.REFUSED, "line 2", "nothing was written");
    varve.run("read", stream).fails(ExitCode.NOT_THERE, stream);
  }

  @Test
  void what_the_store_refuses_is_65() {
    varve.run("append", "$mine", "--type", "A").fails(ExitCode.REFUSED, "stream");
    varve.run("append", stream, "--type", "").fails(ExitCode.REFUSED, "type");
  }

  @Test
  void a_payload_may_be_a_file() throws Exception {
    Path file = Files.write(folder.resolve("payload"), new byte[] {0, -1});

    varve.run("append", stream, "--type", "A", "--file", file.toString()).succeeds();
    varve
        .run("append", stream, "--type", "A", "--file", folder.resolve("none").toString())
        .fails(ExitCode.NOT_THERE, "no such file");

    assertThat(varve.run("read", stream).line().get("data").getAsString()).isEqualTo("AP8=");
  }

  @Test
  void options_that_do_not_go_together_are_64() {
    varve.run("append", stream, "--type", "A", "--json", "{").fails(ExitCode.USAGE, "--json");
    varve.run("append", stream, "--type", "A", "--json", "1", "--text", "x").fails(ExitCode.USAGE);
    varve.run("append", stream, "--json", "1").fails(ExitCode.USAGE, "--type");
    varve.run("append", stream, "--tag", "a").fails(ExitCode.USAGE, "--type");
    varve.run("append", stream).fails(ExitCode.USAGE, "nothing to append");
    varve.run("append", stream, "--type", "A", "--id", "7").fails(ExitCode.USAGE, "UUID");
    varve.run("append", stream, "--type", "A", "--expect", "-1").fails(ExitCode.USAGE, "--expect");
    varve.run("read", stream, "--type", "A").fails(ExitCode.USAGE, "--type");
    varve.run("read", "--from", "-1").fails(ExitCode.USAGE, "--from");
    varve.run("read", "--as-of", "noon").fails(ExitCode.USAGE, "--as-of", "noon");
    varve.run("read", "--query", "{").fails(ExitCode.USAGE, "--query");
    varve.run("read", "--query", "{\"items\":[{\"tag\":[]}]}").fails(ExitCode.USAGE, "\"tag\"");
    varve.run("read", "--query", "{}", "--tag", "a").fails(ExitCode.USAGE, "--query", "--tag");
  }

  @Test
  void a_stream_is_read_both_ways_and_in_part() {
    for (int i = 1; i <= 5; i++) {
      varve.run("append", stream, "--type", "E" + i).succeeds();
    }

    assertThat(types("read", stream)).containsExactly("E1", "E2", "E3", "E4", "E5");
    assertThat(types("read", stream, "--backwards")).containsExactly("E5", "E4", "E3", "E2", "E1");
    assertThat(types("read", stream, "--from", "2", "--to", "3")).containsExactly("E2", "E3");
    assertThat(types("read", stream, "--backwards", "--from", "4", "--to", "3"))
        .containsExactly("E4", "E3");
    assertThat(types("read", stream, "--limit", "2")).containsExactly("E1", "E2");
    String third =
        varve
            .run("read", stream, "--from", "3", "--limit", "1")
            .line()
            .get("recorded_at")
            .getAsString();
    assertThat(types("read", stream, "--as-of", third)).endsWith("E3");
    assertThat(types("read", stream, "--as-of", "2026-01-01")).isEmpty();
  }

  @Test
  void the_log_is_read_under_a_query_and_between_times() {
    String tag = UUID.randomUUID().toString();
    for (int i = 1; i <= 4; i++) {
      varve.run("append", stream + i, "--type", "E" + i, "--tag", tag).succeeds();
    }
    List<JsonObject> events = varve.run("read", "--tag", tag).lines();

    assertThat(types("read", "--tag", tag, "--type", "E2", "--type", "E3"))
        .containsExactly("E2", "E3");
    assertThat(types("read", "--prefix", stream, "--backwards", "--limit", "2"))
        .containsExactly("E4", "E3");
    assertThat(
            types(
                "read",
                "--query",
                "{\"items\":[{\"tags\":[\"%s\"],\"types\":[\"E1\"]},{\"stream_prefixes\":[\"%s4\"]}]}"
                    .formatted(tag, stream)))
        .containsExactly("E1", "E4");
    String second = events.get(1).get("recorded_at").getAsString();
    assertThat(types("read", "--tag", tag, "--to-time", second)).containsExactly("E1", "E2");
    assertThat(types("read", "--tag", tag, "--as-of", second)).containsExactly("E1", "E2");
    assertThat(types("read", "--tag", tag, "--from-time", second))
        .containsExactly("E2", "E3", "E4");
    assertThat(types("read", "--tag", tag, "--from-time", second, "--backwards"))
        .containsExactly("E4", "E3", "E2");
    assertThat(types("read", "--tag", tag, "--from", events.get(2).get("position").toString()))
        .containsExactly("E3", "E4");
  }

  @Test
  void a_million_bytes_of_payload_are_one_line() {
    try (VarveClient store = SERVER.server().client()) {
      store.append(
          stream, ExpectedVersion.any(), NewEvent.builder("Big").data(new byte[1 << 20]).build());
    }

    assertThat(varve.run("read", stream).line().get("text").getAsString()).hasSize(1 << 20);
  }

  @Test
  void colours_come_when_they_are_asked_for() {
    varve.run("append", stream, "--type", "A").succeeds();

    assertThat(varve.run("read", stream, "--color", "always").output()).contains("\u001b[");
    assertThat(varve.run("read", stream).output()).doesNotContain("\u001b[");
  }

  private List<String> types(String... arguments) {
    return varve.run(arguments).succeeds().lines().stream()
        .map(event -> event.get("type"))
        .map(JsonElement::getAsString)
        .toList();
  }
}
