package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.Query;
import io.varve.server.ServerProcess.Exit;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the {@code varve} command ends: a code that scripts rely on, and one sentence for people. */
class CommandIT {
  @TempDir Path folder;

  private Exit varve(String... arguments) throws Exception {
    return ServerProcess.run(folder, arguments);
  }

  private static Exit fails(Exit exit, int code, String... words) {
    assertThat(exit.code()).as(exit.errors()).isEqualTo(code);
    assertThat(exit.errors())
        .as("one sentence")
        .startsWith("varve: ")
        .hasLineCount(1)
        .doesNotContain("Exception", "\tat ")
        .contains(words);
    assertThat(exit.output()).isEmpty();
    return exit;
  }

  @Test
  void a_folder_that_another_server_has_open_is_75() throws Exception {
    Path data = folder.resolve("data");
    try (ServerProcess first = ServerProcess.serve(data)) {
      fails(
          varve("serve", "--data", data.toString(), "--port", "0"), 75, data.toString(), "--data");
      assertThat(first.isAlive()).isTrue();
    }
  }

  @Test
  void a_port_that_is_taken_or_an_address_of_another_machine_is_69() throws Exception {
    String data = folder.resolve("data").toString();
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      fails(varve("serve", "--data", data, "--port", port), 69, port, "--port");
    }
    fails(
        varve("serve", "--data", data, "--port", "0", "--host", "192.0.2.1", "--insecure"),
        69,
        "192.0.2.1");
    fails(varve("serve", "--data", data, "--port", "0", "--host", "no host"), 69, "no host");
  }

  @Test
  void a_data_folder_that_cannot_be_had_is_73() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x", UTF_8);

    fails(varve("serve", "--data", file.toString()), 73, file.toString(), "is a file");
    fails(varve("serve", "--data", file.resolve("data").toString()), 73, file.toString());
    fails(varve("serve", "--data", "/proc/varve/data"), 73, "/proc/varve");
  }

  @Test
  void a_port_file_that_cannot_be_written_is_73() throws Exception {
    Path missing = folder.resolve("missing/port");

    fails(
        withoutLog(
            varve(
                "serve",
                "--data",
                folder.resolve("data").toString(),
                "--port",
                "0",
                "--port-file",
                missing.toString())),
        73,
        missing.toString());
  }

  /** Without what the server logged while it was up. */
  private static Exit withoutLog(Exit exit) {
    return new Exit(
        exit.code(),
        exit.output(),
        String.join(
            "\n",
            exit.errors().lines().filter(line -> !line.matches("\\d{4}-.* INFO .*")).toList()));
  }

  @Test
  void a_damaged_database_is_74() throws Exception {
    Path data = folder.resolve("data");
    try (ServerProcess server = ServerProcess.serve(data)) {
      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
    try (Stream<Path> files = Files.walk(data.resolve("log"))) {
      List<Path> manifests =
          files.filter(file -> file.getFileName().toString().startsWith("MANIFEST")).toList();
      assertThat(manifests).isNotEmpty();
      for (Path manifest : manifests) {
        try (RandomAccessFile bytes = new RandomAccessFile(manifest.toFile(), "rw")) {
          bytes.seek(8); // in its first record; a length that is damaged looks like an end
          bytes.write("damaged".getBytes(UTF_8));
        }
      }
    }

    fails(varve("serve", "--data", data.toString(), "--port", "0"), 74, data.toString());
  }

  @Test
  void a_command_line_that_is_wrong_is_64() throws Exception {
    String data = folder.resolve("data").toString();

    fails(varve("serve"), 64, "--data", "--help");
    fails(varve("serve", "--data", data, "--prot", "1"), 64, "--prot");
    fails(varve("serve", "--data", data, "--port", "65536"), 64, "--port", "65536");
    assertThat(Path.of(data)).doesNotExist();
  }

  @Test
  void help_and_version_are_printed_for_whoever_asks() throws Exception {
    Exit help = varve("--help");
    assertThat(help.code()).isZero();
    assertThat(help.output()).contains("Usage: varve", "serve", "75");
    assertThat(help.errors()).isEmpty();
    Exit version = varve("--version");
    assertThat(version.code()).isZero();
    assertThat(version.output()).matches("varve \\d+\\.\\d+.*\\R");
  }

  @Test
  void a_tool_that_the_store_ends_says_why_in_one_sentence() throws Exception {
    try (ServerProcess server = ServerProcess.serve(folder.resolve("data"));
        VarveClient store = server.client()) {
      store.consumerGroups().create(ConsumerGroup.ofLog("mailer", Query.all()));
      CompletableFuture<Exit> consuming =
          CompletableFuture.supplyAsync(() -> consume(folder.resolve("tool"), "mailer", server));
      await()
          .atMost(ServerProcess.PATIENCE)
          .until(
              () ->
                  consuming.isDone()
                      || !store.consumerGroups().get("mailer").orElseThrow().consumers().isEmpty());

      store.consumerGroups().delete("mailer");

      fails(consuming.join(), 66, "mailer");
    }
  }

  private static Exit consume(Path folder, String group, ServerProcess server) {
    try {
      return ServerProcess.run(
          folder, "groups", "consume", group, "--address", "127.0.0.1:" + server.port());
    } catch (Exception e) {
      throw new IllegalStateException("the tool was not run to its end", e);
    }
  }
}
