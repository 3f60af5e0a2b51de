package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.Release;
import io.varve.server.StartFailure;
import io.varve.server.config.Setting;
import io.varve.server.config.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class VarveCommandTest {
  private final Map<String, String> environment = new HashMap<>();
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve",
        "serve --data",
        "serve --data x --port many",
        "serve --data x --colour red",
        "serve --data x --port",
        "serve --data x more",
        "serve --data x --limit tags",
        "serve --data x --limit tags=many",
        "serve --data x --snapshots-kept",
        "serve --data x --snapshots-kept few",
        "serve --data x --port 99999",
        "serve --data x --port -1",
        "serve --data x --snapshots-kept -1",
        "serve --data x --scavenge-interval often",
        "serve --data x --limit tags=0",
        "serve --data x --limit colours=1",
        "serve --data x --limit append-bytes=1GiB",
        "serve --config no-such-file --data x",
        "sing",
        "--nothing"
      })
  void a_command_line_that_is_wrong_is_told_in_one_line(String arguments) {
    assertThat(run(arguments.split(" ", -1))).isEqualTo(64);
    assertThat(err.toString().strip())
        .startsWith("varve: ")
        .contains("--help")
        .doesNotContain("\n");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void no_command_at_all_is_wrong_as_well() {
    assertThat(run()).isEqualTo(64);
    assertThat(err.toString().strip()).startsWith("varve: ").doesNotContain("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "help", "serve --help", "help serve"})
  void help_is_no_failure(String arguments) {
    assertThat(run(arguments.split(" ", -1))).isZero();
    assertThat(out.toString()).contains("Usage: varve");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void the_help_tells_every_exit_code() {
    assertThat(run("--help")).isZero();
    for (ExitCode code : ExitCode.values()) {
      assertThat(out.toString()).contains(Integer.toString(code.code()), code.meaning());
    }
  }

  @Test
  void the_help_tells_the_limits_as_they_are() {
    assertThat(run("help", "serve")).isZero();
    Settings.of(Setting.Section.LIMITS)
        .forEach(
            limit ->
                assertThat(out.toString().replaceAll("\\s+", " "))
                    .contains(Settings.limitName(limit) + " " + limit.standardText()));
  }

  @Test
  void the_version_is_told() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString().strip()).isEqualTo("varve " + Release.number());
  }

  @Test
  void exit_codes_differ_from_one_another() {
    assertThat(Arrays.stream(ExitCode.values()).map(ExitCode::code)).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource
  void each_reason_not_to_start_has_an_exit_code_of_its_own_name(StartFailure.Kind kind) {
    assertThat(ExitCode.of(kind).name()).isEqualTo(kind.name());
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve --prot 1", "serve --limit tag=1", "serv", "serve --no-reflexion"})
  void what_is_mistyped_is_answered_with_what_was_meant(String arguments) {
    assertThat(run(arguments.split(" ", -1))).isEqualTo(64);
    assertThat(err.toString())
        .containsPattern("did you mean (--port|tags|serve|--no-reflection)\\?");
  }

  @Test
  void every_setting_can_be_said_on_the_command_line_unless_it_is_secret() {
    assertThat(run("help", "serve")).isZero();
    for (Setting<?> setting : Settings.all()) {
      setting
          .option()
          .ifPresent(
              option ->
                  assertThat(out.toString().replace("[no-]", ""))
                      .contains(option.split(" ", 2)[0]));
    }
  }

  @Test
  void the_configuration_is_printed_with_where_each_value_was_said() {
    environment.put("VARVE_PORT", "2200");

    assertThat(run("serve", "--no-reflection", "--limit", "tags=7", "--print-config")).isZero();

    assertThat(out.toString().lines().map(line -> line.replaceAll(" +", " ")))
        .contains(
            "data - default",
            "port 2200 VARVE_PORT",
            "reflection false --reflection",
            "channelz false default",
            "limit-tags 7 --limit tags")
        .hasSize(Settings.all().size());
  }

  @Test
  void an_environment_that_is_wrong_is_78() {
    environment.put("VARVE_PROT", "2200");

    assertThat(run("serve", "--data", "x")).isEqualTo(78);
    assertThat(err.toString().strip())
        .startsWith("varve: ")
        .contains("VARVE_PORT?")
        .doesNotContain("\n");
  }

  private int run(String... arguments) {
    CommandLine command = VarveCommand.commandLine(environment);
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }
}
