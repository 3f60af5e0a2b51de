package io.varve.server.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.VarveClient;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadStream;
import io.varve.client.testkit.VarveServerExtension;
import io.varve.client.testkit.VarveServerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The extension that users test with, used as they use it. */
@ExtendWith(VarveServerExtension.class)
class VarveServerExtensionIT {

  @Test
  void a_test_takes_the_store_as_a_parameter(EventStore store) {
    store.append("account-1", ExpectedVersion.noStream(), NewEvent.json("Opened", "{}"));

    assertThat(store.readStream(ReadStream.of("account-1")).toList()).hasSize(1);
  }

  @Test
  void what_was_acknowledged_is_there_after_a_kill_and_the_client_finds_the_server_again(
      VarveServerProcess server, VarveClient store) {
    int port = server.port();
    store.append("account-2", ExpectedVersion.noStream(), NewEvent.json("Opened", "{}"));

    server.kill();
    assertThat(server.isAlive()).isFalse();
    server.restart();

    assertThat(server.port()).isEqualTo(port);
    assertThat(store.readStream(ReadStream.of("account-2")).toList()).hasSize(1);
  }

  @Test
  void a_server_that_runs_is_not_started_again(VarveServerProcess server) {
    assertThatThrownBy(server::restart)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("runs");
  }

  @Test
  void a_stopped_server_starts_again_and_a_closed_one_leaves_nothing() throws Exception {
    Path temp = Path.of(System.getProperty("java.io.tmpdir"));
    long before = folders(temp);
    try (VarveServerProcess server = VarveServerProcess.start();
        VarveClient store = server.connect()) {
      store.append("account-3", ExpectedVersion.noStream(), NewEvent.json("Opened", "{}"));
      server.stop();
      server.restart();
      assertThat(store.streams().get("account-3")).isPresent();
      assertThat(folders(temp)).isEqualTo(before + 1);
    }
    assertThat(folders(temp)).isEqualTo(before);
  }

  private static long folders(Path temp) throws Exception {
    try (Stream<Path> found = Files.list(temp)) {
      return found
          .filter(folder -> folder.getFileName().toString().startsWith("varve-server-"))
          .count();
    }
  }
}
