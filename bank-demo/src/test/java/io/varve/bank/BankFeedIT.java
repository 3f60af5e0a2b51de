package io.varve.bank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The feed of a demo with 256 MB of memory, over a real server: many readers, who do not read. */
class BankFeedIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int READERS = 190;
  private static final int LARGE_EVENTS = 100;
  private static final String LARGE = "{\"text\":\"" + "x".repeat(100_000) + "\"}";

  @TempDir Path folder;

  @Test
  void readers_that_do_not_read_hold_up_neither_commands_nor_those_who_read() throws Exception {
    try (RunningProgram server = RunningProgram.server(folder.resolve("server"), 0);
        RunningProgram demo = RunningProgram.demo(folder.resolve("demo"), server.port());
        BankClient bank = new BankClient(demo.port())) {
      String ada = bank.open("Ada", "1000");
      String bob = bank.open("Bob", "0");
      appendLarge(server.port());
      List<Socket> idle = new ArrayList<>();
      try {
        for (int i = 0; i < READERS; i++) {
          Socket reader = connect(demo.port());
          idle.add(reader);
          // Half of them want all that there was, 10 MB, and half what is to come.
          ask(reader, i % 2 == 0 ? "?after=0" : "");
        }
        await().atMost(PATIENCE).until(() -> openFeeds(bank) == READERS);
        appendLarge(server.port());
        for (int i = 0; i < 10; i++) {
          bank.transfer(ada, bob, "1").expect(200);
        }
        assertThat(bank.balance(bob)).isEqualTo("10.00");
        try (Socket reading = connect(demo.port())) {
          ask(reading, "");
          assertThat(lastOf(reading, bank.open("Cyd", "0"))).contains("AccountOpened");
        }
      } finally {
        for (Socket reader : idle) {
          reader.close();
        }
      }
      assertThat(demo.log()).doesNotContain("OutOfMemory");
    }
  }

  private static void appendLarge(int port) {
    try (VarveClient store = VarveClient.builder().endpoint("varve://127.0.0.1:" + port).build()) {
      for (int i = 0; i < LARGE_EVENTS; i++) {
        NewEvent event = NewEvent.builder("Noted").json(LARGE).build();
        store.append("account-notes", ExpectedVersion.any(), List.of(event));
      }
    }
  }

  private static int openFeeds(BankClient bank) throws Exception {
    return bank.text("/metrics")
        .lines()
        .filter(line -> line.startsWith("bank_feed_readers "))
        .mapToInt(line -> (int) Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  /** One that has room for next to nothing. */
  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return socket;
  }

  private static void ask(Socket socket, String query) throws IOException {
    String request = "GET /api/feed" + query + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
  }

  /** Reads on to the message about this account. */
  private static String lastOf(Socket socket, String accountId) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    String line = "";
    while (line != null && !line.contains("\"account-" + accountId + "\"")) {
      line = in.readLine();
    }
    return String.valueOf(line);
  }
}
