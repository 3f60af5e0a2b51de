package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.Release;
import io.varve.server.StartFailure;
import io.varve.server.config.Limits;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class VarveCommandTest {
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
    Limits.defaults()
        .values()
        .forEach(
            (name, value) ->
                assertThat(out.toString().replaceAll("\\s+", " ")).contains(name + " " + value));
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

  private int run(String... arguments) {
    CommandLine command = VarveCommand.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }
}
