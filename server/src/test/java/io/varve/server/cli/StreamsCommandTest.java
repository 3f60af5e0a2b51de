package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.varve.server.RunningServer;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code varve streams} and {@code varve stats}. */
class StreamsCommandTest {
  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  private final String category = "c" + UUID.randomUUID().toString().replace("-", "");
  private final String stream = category + "-1";
  private final Tool varve = new Tool(SERVER.server());

  @Test
  void streams_are_listed_by_prefix_and_category_and_shown_one_by_one() {
    append(3);
    varve.run("append", category + "-2", "--type", "B").succeeds();

    assertThat(varve.run("streams", "list", "--category", category).succeeds().lines())
        .extracting(info -> info.get("stream").getAsString() + " " + info.get("version"))
        .containsExactly(stream + " 3", category + "-2 1");
    assertThat(varve.run("streams", "list", "--prefix", category, "--limit", "1").line())
        .isEqualTo(varve.run("streams", "show", stream).line());
    varve.run("streams", "show", "nobody").fails(ExitCode.NOT_THERE, "nobody");
    varve
        .run("streams", "list", "--category", "a", "--prefix", "b")
        .fails(ExitCode.USAGE, "streams list --help");
  }

  @Test
  void categories_and_types_are_listed_with_their_counts() {
    append(2);

    assertThat(varve.run("streams", "categories").succeeds().output())
        .contains("{\"category\":\"" + category + "\",\"event_count\":2}");
    assertThat(varve.run("streams", "types").succeeds().output()).contains("\"type\":\"A\"");
  }

  @Test
  void what_is_kept_is_set_and_lifted() {
    append(3);

    varve.run("streams", "retention", stream, "--max-count", "2", "--max-age", "30d").succeeds();
    JsonObject info = varve.run("streams", "show", stream).line();
    assertThat(info.get("max_count").getAsLong()).isEqualTo(2);
    assertThat(info.get("max_age").getAsString()).isEqualTo("PT720H");
    assertThat(info.get("first_kept_version").getAsLong()).isEqualTo(2);
    varve.run("streams", "retention", stream, "--everything").succeeds();
    assertThat(varve.run("streams", "show", stream).line().has("max_count")).isFalse();
    varve.run("streams", "retention", stream).fails(ExitCode.USAGE, "--everything");
    varve
        .run("streams", "retention", stream, "--everything", "--max-count", "1")
        .fails(ExitCode.USAGE);
    varve
        .run("streams", "retention", stream, "--max-age", "x")
        .fails(ExitCode.USAGE, "--max-age", "x");
  }

  @Test
  void a_change_can_be_bound_to_a_version_and_says_why() {
    append(3);

    varve
        .run("streams", "truncate", stream, "--before", "3", "--expect", "2")
        .fails(ExitCode.CONFLICT, stream);
    JsonObject done =
        varve
            .run(
                "streams", "truncate", stream, "--before", "3", "--expect", "3", "--reason", "why?")
            .succeeds()
            .line();

    assertThat(varve.run("read", stream).lines()).hasSize(1);
    assertThat(
            varve.run("read", "--from", done.get("position").toString(), "--limit", "1").output())
        .contains("\"stream\":\"$streams\"", "why?");
  }

  @Test
  void a_deleted_stream_is_gone_until_it_is_appended_to() {
    append(1);

    varve.run("streams", "delete", stream).succeeds();
    varve.run("read", stream).fails(ExitCode.NOT_THERE, stream);
    assertThat(varve.run("streams", "show", stream).line().get("life").getAsString())
        .isEqualTo("deleted");
    varve.run("append", stream, "--type", "A", "--expect", "exists").fails(ExitCode.NOT_THERE);
    varve.run("append", stream, "--type", "A").succeeds();
    assertThat(varve.run("read", stream).line().get("version").getAsLong()).isEqualTo(2);
  }

  @Test
  void closing_for_ever_wants_to_be_meant() {
    append(1);

    varve.run("streams", "tombstone", stream).fails(ExitCode.USAGE, "--yes");
    varve.run("streams", "tombstone", stream, "--yes").succeeds();
    varve.run("append", stream, "--type", "A").fails(ExitCode.NOT_THERE, stream);
  }

  @Test
  void stats_are_one_line() {
    append(1);

    JsonObject stats = varve.run("stats").succeeds().line();

    assertThat(stats.get("head_position").getAsLong()).isPositive();
    assertThat(stats.get("stream_count").getAsLong()).isPositive();
    assertThat(stats.get("store_id").getAsString()).hasSize(36);
  }

  private void append(int events) {
    varve.given("{\"type\":\"A\"}\n".repeat(events)).run("append", stream).succeeds();
  }
}
