package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.varve.server.ServerProcess.Exit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a server that runs as a process: its log and its operations port. */
class OperationsIT {
  @TempDir private Path folder;

  private ServerProcess serve(String... more) throws IOException {
    Path ops = opsFile();
    List<String> settings = new ArrayList<>(List.of("--ops-port-file", ops.toString()));
    settings.addAll(List.of(more));
    return ServerProcess.serveWith(folder.resolve("data"), settings);
  }

  private Path opsFile() {
    return folder.resolve("ops.port");
  }

  private int opsPort() throws IOException {
    return Integer.parseInt(Files.readString(opsFile(), UTF_8).strip());
  }

  @Test
  void it_tells_in_four_lines_what_it_is_and_when_it_is_ready() throws Exception {
    try (ServerProcess server = serve();
        OpsClient ops = new OpsClient(opsPort())) {
      assertThat(ops.get("/readyz").statusCode()).isEqualTo(200);
      List<String> lines = server.errors().lines().filter(l -> l.contains("ServeCommand")).toList();
      assertThat(lines).hasSize(4);
      assertThat(lines.get(0)).contains("varve ", "Java ", "heap at most", "block cache");
      assertThat(lines.get(1)).contains(folder.resolve("data").toString(), "store ", "head 0");
      assertThat(lines.get(2)).contains("http://127.0.0.1:" + opsPort() + "/");
      assertThat(lines.get(3))
          .matches(
              "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z INFO  ServeCommand - ready on 127\\.0\\.0\\.1:"
                  + server.port()
                  + " in \\d+ ms");

      // The bounds of the JDK's server are set once a process, so only here can they be seen.
      String large =
          "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: "
              + "x".repeat(40_000)
              + "\r\n\r\n";
      String answer;
      try {
        answer = OpsClient.raw(opsPort(), large);
      } catch (SocketException e) {
        answer = "cut off"; // with what was sent in vain still on its way
      }
      assertThat(answer).doesNotStartWith("HTTP/1.1 200");

      server.terminate();
      assertThat(server.exit().code()).isZero();
    }
  }

  @Test
  void as_json_each_line_is_an_object() throws Exception {
    try (ServerProcess server = serve("--log-format", "json")) {
      server.terminate();
      Exit exit = server.exit();
      assertThat(exit.code()).isZero();
      List<JsonObject> lines =
          exit.errors().lines().map(l -> JsonParser.parseString(l).getAsJsonObject()).toList();
      assertThat(lines).hasSizeGreaterThanOrEqualTo(4);
      assertThat(lines).allMatch(line -> line.has("time") && line.has("level"));
      assertThat(lines)
          .anyMatch(line -> line.get("message").getAsString().startsWith("ready on 127.0.0.1:"));
    }
  }

  @Test
  void with_less_room_on_the_disk_than_the_reserve_it_is_alive_and_not_ready() throws Exception {
    try (ServerProcess _ = serve("--disk-reserve", "1048576GiB");
        OpsClient ops = new OpsClient(opsPort())) {
      assertThat(ops.get("/healthz").statusCode()).isEqualTo(200);
      HttpResponse<String> ready = ops.get("/readyz");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).contains("the disk is nearly full");
      assertThat(ops.post("/api/scavenge", "X-Varve-Console", "1").statusCode()).isEqualTo(403);
    }
  }

  @Test
  void an_address_that_others_can_reach_is_refused_unless_somebody_insists() throws Exception {
    String data = folder.resolve("data").toString();
    Exit exit =
        ServerProcess.run(folder, "serve", "--data", data, "--port", "0", "--ops-host", "0.0.0.0");
    assertThat(exit.code()).isEqualTo(78);
    assertThat(exit.errors()).hasLineCount(1).contains("0.0.0.0", "TLS is off", "--insecure");

    try (ServerProcess _ = serve("--ops-host", "0.0.0.0", "--insecure");
        OpsClient ops = new OpsClient(opsPort())) {
      assertThat(ops.get("/readyz").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void an_operations_port_that_is_taken_is_69_and_says_which() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      Exit exit =
          ServerProcess.run(
              folder,
              "serve",
              "--data",
              folder.resolve("data").toString(),
              "--port",
              "0",
              "--ops-port",
              port);
      assertThat(exit.code()).isEqualTo(69);
      assertThat(exit.errors()).hasLineCount(1).contains(port, "--ops-port", "--no-ops");
    }
  }
}
