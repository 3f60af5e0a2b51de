package io.varve.server;

import static io.varve.server.Http2Bytes.CONTINUATION;
import static io.varve.server.Http2Bytes.DATA;
import static io.varve.server.Http2Bytes.END_HEADERS;
import static io.varve.server.Http2Bytes.GO_AWAY;
import static io.varve.server.Http2Bytes.HEADERS;
import static io.varve.server.Http2Bytes.PING;
import static io.varve.server.Http2Bytes.PREFACE;
import static io.varve.server.Http2Bytes.PRIORITY;
import static io.varve.server.Http2Bytes.PUSH_PROMISE;
import static io.varve.server.Http2Bytes.RST_STREAM;
import static io.varve.server.Http2Bytes.SETTINGS;
import static io.varve.server.Http2Bytes.WINDOW_UPDATE;
import static io.varve.server.Http2Bytes.call;
import static io.varve.server.Http2Bytes.frame;
import static io.varve.server.Http2Bytes.header;
import static io.varve.server.Http2Bytes.joined;
import static io.varve.server.Http2Bytes.setting;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.server.Certificates.Signed;
import io.varve.server.config.Settings;
import io.varve.server.fixture.Mutations;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Connections that speak nothing that is served here, speak it without end, or say nothing at all:
 * the server ends them, and whoever else is connected notices nothing.
 *
 * <p>{@code -Dvarve.connections=5000} for more idle ones, {@code -Dvarve.inputs=10000} for more
 * garbage, {@code -Dvarve.seed=N} for the same garbage again.
 */
class HostileConnectionTest {
  private static final int IDLE = Integer.getInteger("varve.connections", 300);
  private static final int GARBAGE = Integer.getInteger("varve.inputs", 60);
  private static final long SEED = Long.getLong("varve.seed", 20_261_128);
  private static final int PATIENCE_MILLIS = 60_000;

  /** What one connection may send before it must have been ended. */
  private static final int FLOOD_BYTES = 64 << 20;

  /** What is sent of what costs nothing but the time to read it. */
  private static final int ENDURED_BYTES = 512 << 10;

  private static final byte[] OPEN = joined(PREFACE, frame(SETTINGS, 0, 0));
  private static final long LEFT_BYTES = 64L << 20;
  private static final String LOOK_UP = "varve.v1.EventStore/GetEvent";

  @TempDir private static Path files;
  private static WatchedLog log;
  private static TestServer server;
  private static TestServer secure;
  private static VarveClient canary;
  private static VarveClient secureCanary;

  @BeforeAll
  static void serve() throws Exception {
    log = new WatchedLog();
    server =
        TestServer.start(
            TestServer.config(files.resolve("data"))
                .with(Settings.OPS, true)
                .with(Settings.DISK_RESERVE, 0L)
                .with(Settings.CALLS_PER_CONNECTION, 1_000)
                .with(Settings.KEEP_ALIVE, Duration.ofSeconds(1))
                .with(Settings.KEEP_ALIVE_TIMEOUT, Duration.ofSeconds(1)));
    canary = server.client();
    Certificates authority = new Certificates(files, "authority");
    Signed signed = authority.sign("server", "localhost");
    secure =
        TestServer.start(
            TestServer.config(files.resolve("secure"))
                .with(Settings.TLS_CERT, signed.chain())
                .with(Settings.TLS_KEY, signed.key()));
    secureCanary =
        VarveClient.builder()
            .endpoint("localhost", secure.port())
            .deadline(Duration.ofMinutes(1))
            .tls(authority.pem())
            .build();
  }

  @AfterAll
  static void stop() {
    canary.close();
    secureCanary.close();
    server.close();
    secure.close();
    log.close();
    assertThat(log.faults()).isEmpty();
  }

  @AfterEach
  void others_are_served_as_before() throws Exception {
    canary.append("canary", ExpectedVersion.any(), NewEvent.json("Sang", "{}"));
    secureCanary.append("canary", ExpectedVersion.any(), NewEvent.json("Sang", "{}"));
    try (OpsClient ops = new OpsClient(server.opsPort())) {
      assertThat(ops.get("/healthz").statusCode()).isEqualTo(200);
    }
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** Waits until the server has ended a connection; false: it does not. */
  private static boolean isEnded(Socket socket) throws IOException {
    try {
      drain(socket.getInputStream());
    } catch (SocketException e) {
      // reset: it has ended, with more on the way than it wanted
      assertThat(e).hasMessageMatching("(?s).*(reset|Broken pipe|aborted).*");
    } catch (SocketTimeoutException e) {
      return false;
    }
    return true;
  }

  /** Sends this, and waits until the server has ended the connection. */
  private static void isEnded(int port, byte[] bytes) throws IOException {
    try (Socket socket = connect(port)) {
      socket.getOutputStream().write(bytes);
      assertThat(isEnded(socket)).isTrue();
    }
  }

  private static void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[8_192];
    while (in.read(buffer) >= 0) {
      // until its end
    }
  }

  // ---- what is no HTTP/2, or breaks its rules

  private static final Map<String, byte[]> BROKEN = new LinkedHashMap<>();

  static {
    byte[] some = new byte[100];
    Arrays.fill(some, (byte) 0xee);
    BROKEN.put("nothing at all", new byte[0]);
    BROKEN.put("half a preface", Arrays.copyOf(PREFACE, 12));
    BROKEN.put("HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
    BROKEN.put("bytes", some);
    BROKEN.put("a preface and nothing", PREFACE);
    BROKEN.put("a preface and bytes", joined(PREFACE, some));
    BROKEN.put("a first frame that is not SETTINGS", joined(PREFACE, frame(PING, 0, 0, eight())));
    BROKEN.put("silence after the greeting", OPEN);
    broken("a frame longer than allowed", frame(DATA, 0, 1, new byte[1 << 20]));
    broken("DATA on stream 0", frame(DATA, 0, 0, some));
    broken("DATA on a stream that is idle", frame(DATA, 0, 7, some));
    broken("HEADERS on an even stream", call(2, LOOK_UP));
    broken("HEADERS that are none", frame(HEADERS, END_HEADERS, 1, some));
    broken("CONTINUATION of nothing", frame(CONTINUATION, END_HEADERS, 1, some));
    broken("PING of a wrong length", frame(PING, 0, 0, some));
    broken("PING on a stream", frame(PING, 0, 1, eight()));
    broken("SETTINGS of a wrong length", frame(SETTINGS, 0, 0, new byte[5]));
    broken("SETTINGS with a window beyond all", frame(SETTINGS, 0, 0, setting(4, -1)));
    broken("a window of nothing more", frame(WINDOW_UPDATE, 0, 0, new byte[4]));
    broken(
        "a window beyond all",
        joined(frame(WINDOW_UPDATE, 0, 0, most()), frame(WINDOW_UPDATE, 0, 0, most())));
    broken("RST_STREAM of an idle stream", frame(RST_STREAM, 0, 9, new byte[4]));
    broken("PUSH_PROMISE from a client", frame(PUSH_PROMISE, END_HEADERS, 1, new byte[4]));
    broken("PRIORITY on stream 0", frame(PRIORITY, 0, 0, new byte[5]));
    broken("GO_AWAY too short", frame(GO_AWAY, 0, 0, new byte[3]));
    broken("GO_AWAY, and no more", frame(GO_AWAY, 0, 0, eight()));
  }

  private static void broken(String name, byte[] bytes) {
    BROKEN.put(name, joined(OPEN, bytes));
  }

  private static byte[] eight() {
    return new byte[8];
  }

  private static byte[] most() {
    return new byte[] {0x7f, -1, -1, -1};
  }

  /** All at once: whoever says nothing is given up only after ten seconds. */
  @Test
  void connections_that_break_the_rules_or_say_nothing_are_ended_and_cost_little()
      throws Exception {
    Map<String, Socket> open = new LinkedHashMap<>();
    try {
      int threads = ManagementFactory.getThreadMXBean().getThreadCount();
      for (int i = 0; i < IDLE; i++) {
        Socket socket = connect(server.port());
        open.put("idle " + i, socket);
        socket.getOutputStream().write(i % 2 == 0 ? OPEN : Arrays.copyOf(PREFACE, i % 24));
      }
      for (Map.Entry<String, byte[]> broken : BROKEN.entrySet()) {
        Socket socket = connect(server.port());
        open.put(broken.getKey(), socket);
        try {
          socket.getOutputStream().write(broken.getValue());
        } catch (SocketException e) {
          // Ended before all of it had been said.
          assertThat(e).hasMessageMatching("(?s).*(reset|Broken pipe|aborted).*");
        }
      }
      others_are_served_as_before();

      assertThat(ManagementFactory.getThreadMXBean().getThreadCount()).isLessThan(threads + 50);
      List<String> notEnded = new ArrayList<>();
      for (Map.Entry<String, Socket> connection : open.entrySet()) {
        if (!isEnded(connection.getValue())) {
          notEnded.add(connection.getKey());
        }
      }
      assertThat(notEnded).isEmpty();
    } finally {
      for (Socket socket : open.values()) {
        socket.close();
      }
    }
  }

  @Test
  void connections_of_garbage_are_ended() throws Exception {
    Random random = new Random(SEED);
    Mutations mutations = new Mutations(random);
    byte[] sound =
        joined(
            OPEN,
            frame(SETTINGS, 1, 0),
            call(1, LOOK_UP),
            Http2Bytes.message(1, (byte) 0x10, (byte) 1),
            frame(PING, 0, 0, eight()),
            frame(WINDOW_UPDATE, 0, 0, most()));
    for (int i = 0; i < GARBAGE; i++) {
      byte[] bytes = mutations.next(sound, sound);
      try (Socket socket = connect(server.port())) {
        socket.getOutputStream().write(bytes);
        socket.shutdownOutput();
        drain(socket.getInputStream());
      } catch (SocketException e) {
        assertThat(e).as("-Dvarve.seed=" + SEED).hasMessageMatching("(?s).*(reset|Broken).*");
      }
    }
  }

  // ---- what is HTTP/2, without end

  static List<String> floods() {
    return List.copyOf(FLOODS.keySet());
  }

  private interface Flood {
    /** What comes next; {@code number} from 0. */
    byte[] next(int number);
  }

  private static final Map<String, Flood> FLOODS = new LinkedHashMap<>();

  static {
    FLOODS.put("PING", _ -> frame(PING, 0, 0, eight()));
    FLOODS.put(
        "calls that are reset at once",
        number ->
            joined(
                call(2 * number + 1, LOOK_UP),
                frame(RST_STREAM, 0, 2 * number + 1, new byte[] {0, 0, 0, 8})));
    FLOODS.put(
        "headers of one call",
        number ->
            number == 0
                ? frame(HEADERS, 0, 1, header("a", "b"))
                : frame(CONTINUATION, 0, 1, header("name-" + number, "v".repeat(100))));
  }

  @ParameterizedTest
  @MethodSource("floods")
  void a_connection_that_floods_is_ended(String name) throws Exception {
    assertThat(flood(requireNonNull(FLOODS.get(name)), FLOOD_BYTES)).isLessThan(FLOOD_BYTES);
  }

  static List<String> endured() {
    return List.copyOf(ENDURED.keySet());
  }

  private static final Map<String, Flood> ENDURED = new LinkedHashMap<>();

  static {
    ENDURED.put("SETTINGS", _ -> frame(SETTINGS, 0, 0, setting(3, 100)));
    ENDURED.put(
        "empty frames", number -> number == 0 ? call(1, LOOK_UP) : frame(DATA, 0, 1, new byte[0]));
    ENDURED.put(
        "more than the window allows",
        number -> number == 0 ? call(1, LOOK_UP) : frame(DATA, 0, 1, new byte[16_000]));
    ENDURED.put("frames that nobody knows", _ -> frame(99, 0, 0, new byte[1_000]));
  }

  @ParameterizedTest
  @MethodSource("endured")
  void what_costs_nothing_but_the_time_to_read_it_is_endured_or_ended(String name)
      throws Exception {
    long before = heapBytes();
    flood(requireNonNull(ENDURED.get(name)), ENDURED_BYTES);
    assertThat(heapBytes() - before).isLessThan(LEFT_BYTES);
  }

  private static long heapBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Sends so many bytes, or until the connection is ended; how many. */
  private static long flood(Flood flood, int bytes) throws Exception {
    long sent = 0;
    try (ExecutorService reading = Executors.newSingleThreadExecutor();
        Socket socket = connect(server.port())) {
      InputStream in = socket.getInputStream();
      Future<?> end =
          reading.submit(
              () -> {
                drain(in);
                return null;
              });
      OutputStream out = socket.getOutputStream();
      try {
        out.write(OPEN);
        for (int i = 0; sent < bytes && !end.isDone(); i++) {
          byte[] next = flood.next(i);
          out.write(next);
          sent += next.length;
        }
      } catch (SocketException ended) {
        assertThat(ended).hasMessageMatching("(?s).*(reset|Broken pipe|closed).*");
      }
    }
    return sent;
  }

  // ---- slow ones

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void what_comes_in_small_pieces_is_understood_all_the_same(int piece) throws Exception {
    byte[] bytes = joined(OPEN, call(1, LOOK_UP), Http2Bytes.message(1, (byte) 0x10, (byte) 1));
    try (Socket socket = connect(server.port())) {
      socket.setTcpNoDelay(true);
      OutputStream out = socket.getOutputStream();
      for (int at = 0; at < bytes.length; at += piece) {
        out.write(bytes, at, Math.min(piece, bytes.length - at));
        out.flush();
      }
      InputStream in = socket.getInputStream();
      StringBuilder answer = new StringBuilder();
      while (answer.indexOf("grpc-status") < 0) { // its name is in the clear
        int next = in.read();
        assertThat(next).as(answer.toString()).isNotNegative();
        answer.append((char) next);
      }
    }
  }

  // ---- the other ports

  @Test
  void bytes_that_are_no_tls_are_ended() throws Exception {
    Random random = new Random(SEED);
    Mutations mutations = new Mutations(random);
    byte[] hello = {0x16, 3, 1, 0, (byte) 0x80, 1, 0, 0, 0x7c, 3, 3};
    byte[] cutOff = Arrays.copyOf(hello, 133);
    isEnded(secure.port(), OPEN);
    isEnded(secure.port(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
    isEnded(secure.port(), cutOff);
    for (int i = 0; i < GARBAGE; i++) {
      try (Socket socket = connect(secure.port())) {
        socket.getOutputStream().write(mutations.next(cutOff, hello));
        socket.shutdownOutput();
        drain(socket.getInputStream());
      } catch (SocketException e) {
        assertThat(e).as("-Dvarve.seed=" + SEED).hasMessageMatching("(?s).*(reset|Broken).*");
      }
    }
  }

  @Test
  void garbage_on_the_operations_port_is_refused_or_ended() throws Exception {
    Random random = new Random(SEED);
    Mutations mutations = new Mutations(random);
    byte[] sound =
        String.join(
                "\r\n",
                "GET /metrics?name=%C3%BC&limit=10 HTTP/1.1",
                "Host: 127.0.0.1",
                "Authorization: Basic YTpi",
                "Content-Length: 3",
                "Connection: close",
                "",
                "abc")
            .getBytes(US_ASCII);
    byte[] other =
        String.join(
                "\r\n",
                "POST /api/scavenge HTTP/1.1",
                "Transfer-Encoding: chunked",
                "X-Varve-Console: 1",
                "Connection: close",
                "",
                "3",
                "abc",
                "0",
                "",
                "")
            .getBytes(US_ASCII);
    for (int i = 0; i < GARBAGE; i++) {
      byte[] request =
          random.nextBoolean() ? mutations.next(sound, other) : mutations.next(other, sound);
      try (Socket socket = connect(server.opsPort())) {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
        String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        assertThat(answer)
            .as("-Dvarve.seed=%d, input %d: %s", SEED, i, new String(request, ISO_8859_1))
            .matches("(?s)(HTTP/1\\.1 (100|200|30\\d|4\\d\\d|501|503|505) .*)?");
      } catch (SocketException e) {
        assertThat(e).as("-Dvarve.seed=" + SEED).hasMessageMatching("(?s).*(reset|Broken).*");
      }
    }
  }
}
