package io.varve.client;

import static io.varve.client.streams.ExpectedVersion.any;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.client.port.LastingPort;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.StoreUnavailableException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The client as its users meet it, without a server. */
class VarveClientTest {

  @Test
  void without_a_server_every_call_fails_with_the_address_and_what_to_check() throws Exception {
    int port = LastingPort.find();
    Duration brief = Duration.ofSeconds(3); // enough for a cold JVM to find out
    try (VarveClient client =
        VarveClient.builder().endpoint("127.0.0.1", port).retryFor(brief).deadline(brief).build()) {

      // On a busy machine a cold JVM may need more than that, and then another go.
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(
                          () ->
                              client.append(
                                  "account-42", any(), NewEvent.json("AccountOpened", "{}")))
                      .isInstanceOf(StoreUnavailableException.class)
                      .hasMessageContaining("127.0.0.1:" + port)
                      .hasMessageContaining("Connection refused")
                      .hasMessageContaining("Check that it runs"));
      assertThatThrownBy(() -> client.readLog(ReadLog.all()))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("127.0.0.1:" + port)
          .hasMessageContaining("Connection refused");
      assertThatThrownBy(() -> client.getEvent(1)).isInstanceOf(StoreUnavailableException.class);
    }
  }

  @Test
  void a_client_that_was_never_used_closes_at_once_and_leaves_no_thread() {
    VarveClient client = VarveClient.connect("varve://localhost:1");
    client.close();
    client.close();

    assertThatThrownBy(
            () -> client.append("account-42", any(), NewEvent.json("AccountOpened", "{}")))
        .isInstanceOf(IllegalStateException.class);
    // A pool has ended a moment before its thread has.
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals("varve-appends")));
  }
}
