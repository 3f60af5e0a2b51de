package io.varve.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.port.LastingPort;
import io.varve.server.RunningServer;
import io.varve.server.TestServer;
import io.varve.server.config.Settings;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class HealthCommandTest {
  @RegisterExtension static final RunningServer SERVER = new RunningServer();

  @TempDir Path folder;

  @Test
  void a_store_that_serves_is_0() {
    Tool.Run run = new Tool(SERVER.server()).run("health").succeeds();

    assertThat(run.output()).isEqualTo("{\"status\":\"serving\"}\n");
    assertThat(run.errors()).isEmpty();
  }

  @Test
  void a_store_with_access_control_is_0_for_everybody_and_tells_what_it_is_to_whom_it_knows()
      throws Exception {
    Path data = folder.resolve("guarded");
    Map<String, String> password =
        Map.of("VARVE_NEW_PASSWORD", "correct horse", "VARVE_PASSWORD", "correct horse");
    new Tool("nowhere:1")
        .in(password)
        .runAsIs("users", "add", "root", "--role", "administrator", "--data", data.toString())
        .succeeds();
    try (TestServer server =
        TestServer.start(TestServer.config(data).with(Settings.ACCESS_CONTROL, true))) {
      Tool anybody = new Tool(server).in(Map.of()).with("--timeout", "1m");
      Tool root = anybody.in(password).with("--user", "root");
      Tool stranger = anybody.in(Map.of("VARVE_PASSWORD", "wrong horse")).with("--user", "root");

      assertThat(anybody.run("health").succeeds().output()).isEqualTo("{\"status\":\"serving\"}\n");
      assertThat(root.run("health").succeeds().line().get("store_id").getAsString()).hasSize(36);
      // What is refused later is written later, so whatever was refused before would be there.
      stranger.run("read", "orders-1").fails(ExitCode.DENIED);
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> root.run("read", "$audit").output().contains("ReadStream"));
      assertThat(root.run("read", "$audit").succeeds().output()).doesNotContain("GetServerInfo");

      Tool.Run refused = stranger.run("health").succeeds();
      assertThat(refused.output()).isEqualTo("{\"status\":\"serving\"}\n");
      assertThat(refused.errors()).contains("not whoever asks here");
    }
  }

  @Test
  void a_store_that_is_not_there_is_69_and_a_sentence_that_says_what_to_try() throws Exception {
    String address = "127.0.0.1:" + LastingPort.find();

    new Tool(address)
        .run("health")
        .fails(ExitCode.ADDRESS_UNAVAILABLE, address, "varve serve", "--address", "VARVE_ADDRESS");
  }

  @Test
  void a_host_that_nobody_knows_is_69() {
    new Tool("no-such-host.invalid:2113")
        .run("health")
        .fails(ExitCode.ADDRESS_UNAVAILABLE, "no-such-host.invalid", "unknown host");
  }

  @Test
  void a_server_that_is_no_store_is_69() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      new Tool("127.0.0.1:" + mute.getLocalPort())
          .run("health", "--timeout", "1s")
          .fails(ExitCode.ADDRESS_UNAVAILABLE, "127.0.0.1:" + mute.getLocalPort());
    }
  }

  @Test
  void an_address_that_is_none_is_64() {
    new Tool("http://localhost:2113")
        .run("health")
        .fails(ExitCode.USAGE, "http://localhost:2113", "varve://");
    new Tool("localhost:port").run("health").fails(ExitCode.USAGE, "localhost:port");
    new Tool("localhost:1").run("health", "--timeout", "0").fails(ExitCode.USAGE, "--timeout");
    new Tool("localhost:1").run("health", "--wait", "long").fails(ExitCode.USAGE, "--wait");
  }

  @Test
  void it_waits_for_a_store_that_is_about_to_start_when_it_is_told_to() throws Exception {
    int port = LastingPort.find();
    CompletableFuture<Tool.Run> asked =
        CompletableFuture.supplyAsync(
            () -> new Tool("127.0.0.1:" + port).run("health", "--wait", "5m"));

    try (TestServer server = TestServer.onPort(folder, port)) {
      asked.join().succeeds();
      assertThat(server.port()).isEqualTo(port);
    }
  }

  @Test
  void the_tools_take_the_name_with_its_scheme_as_well() {
    new Tool("varve://127.0.0.1:" + SERVER.server().port()).run("health").succeeds();
  }
}
