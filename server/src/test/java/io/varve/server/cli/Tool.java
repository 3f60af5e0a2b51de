package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.varve.server.TestServer;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** The command, run in this process against a server in this process. */
final class Tool {
  private final String address;
  private final List<String> always;
  private final Map<String, String> environment;
  private byte[] input = {};

  Tool(TestServer server) {
    this("127.0.0.1:" + server.port());
  }

  Tool(String address) {
    this(address, List.of(), System.getenv());
  }

  private Tool(String address, List<String> always, Map<String, String> environment) {
    this.address = address;
    this.always = always;
    this.environment = environment;
  }

  /** The same, with an option at every run. */
  Tool with(String option, Object value) {
    List<String> all = new ArrayList<>(always);
    all.addAll(List.of(option, value.toString()));
    return new Tool(address, all, environment);
  }

  /** The same, in a process with these variables. */
  Tool in(Map<String, String> variables) {
    return new Tool(address, always, variables);
  }

  /** How a run ended, and what it said. */
  record Run(int code, String output, String errors) {
    Run succeeds() {
      assertThat(code).as(errors).isZero();
      return this;
    }

    /** It ended with this code and one sentence on the error output that has these words. */
    Run fails(ExitCode expected, String... words) {
      assertThat(code).as(errors).isEqualTo(expected.code());
      assertThat(errors.strip())
          .startsWith("varve: ")
          .hasLineCount(1)
          .doesNotContain("Exception", "\tat ");
      for (String word : words) {
        assertThat(errors).contains(word);
      }
      return this;
    }

    List<JsonObject> lines() {
      return output.lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    }

    JsonObject line() {
      assertThat(lines()).hasSize(1);
      return lines().getFirst();
    }
  }

  /** The next run reads this from its standard input. */
  Tool given(String text) {
    input = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  Run run(String... arguments) {
    return runAsIs(withAddress(arguments));
  }

  /** With the address, and with more time for an answer than usual: the machine may be busy. */
  String[] withAddress(String... arguments) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.addAll(List.of("--address", address));
    all.addAll(always);
    if (!all.contains("--timeout")) {
      all.addAll(List.of("--timeout", "1m"));
    }
    return all.toArray(String[]::new);
  }

  /** Without the address. */
  Run runAsIs(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input));
    try {
      int code = run(environment, new PrintWriter(out, true), err, arguments);
      return new Run(code, out.toString(), err.toString());
    } finally {
      System.setIn(before);
      input = new byte[0];
    }
  }

  /** To another output, and from no input. */
  static int run(PrintWriter out, StringWriter err, String... arguments) {
    return run(System.getenv(), out, err, arguments);
  }

  private static int run(
      Map<String, String> environment, PrintWriter out, StringWriter err, String... arguments) {
    CommandLine command = VarveCommand.commandLine(environment, TestServer::users);
    command.setOut(out);
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }
}
