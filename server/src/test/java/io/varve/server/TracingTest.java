package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetTrackingRequest;
import io.varve.server.config.Settings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a traced server sends to a collector, which here is a plain HTTP server. */
class TracingTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String TRACE_PARENT = "00-" + TRACE + "-b7ad6b7169203331-01";

  /** The bodies of exports, byte by byte as text: enough to look for names and ids in them. */
  private final List<String> exports = new CopyOnWriteArrayList<>();

  private HttpServer collector;

  @BeforeEach
  void listen() throws Exception {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exports.add(new String(body, StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
          }
        });
    collector.start();
  }

  @AfterEach
  void stop() {
    collector.stop(0);
  }

  private static TestServer tracedTo(String endpoint, Path data) throws StartFailure {
    return TestServer.start(
        TestServer.config(data)
            .with(Settings.TRACING, true)
            .with(Settings.TRACING_ENDPOINT, endpoint));
  }

  private static String bytes(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
  }

  private String exported() {
    return String.join("", exports);
  }

  @Test
  void calls_and_commits_are_spans_of_the_trace_that_their_callers_name(@TempDir Path folder)
      throws Exception {
    String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort();
    try (TestServer server = tracedTo(endpoint, folder.resolve("data"))) {
      ManagedChannel channel = server.connect();
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), TRACE_PARENT);
      GetTrackingRequest asked = GetTrackingRequest.newBuilder().setSource("s").build();
      assertThat(
              EventStoreGrpc.newBlockingStub(channel)
                  .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                  .getTracking(asked)
                  .getPosition())
          .isZero();
      try (VarveClient client = server.client()) {
        client.append(
            "traced-1",
            ExpectedVersion.any(),
            NewEvent.builder("Traced")
                .json("{\"secret\":1}")
                .metadata(Map.of("traceparent", TRACE_PARENT))
                .build());
      }
    } // sends what is left

    await().until(() -> exported().contains("varve write batch"));
    String sent = exported();
    assertThat(sent)
        .contains(
            "varve.v1.EventStore/GetTracking",
            "varve commit",
            "varve.batch.events",
            "service.instance.id",
            "varve.position")
        .doesNotContain("secret");
    // The call, the commit and its writing carry the caller's trace.
    assertThat(sent.split(Pattern.quote(bytes(TRACE)), -1).length - 1).isGreaterThanOrEqualTo(3);
  }

  /** The system property is what the library takes the variable OTEL_EXPORTER_OTLP_… for. */
  @Test
  void where_the_option_says_counts_before_what_the_environment_says(@TempDir Path folder)
      throws Exception {
    String elsewhere = "otel.exporter.otlp.traces.endpoint";
    System.setProperty(elsewhere, "http://127.0.0.1:1/v1/traces");
    // With and without a slash at its end.
    String endpoint = "http://127.0.0.1:" + collector.getAddress().getPort() + "/";
    try (TestServer server = tracedTo(endpoint, folder.resolve("data"));
        VarveClient client = server.client()) {
      client.append("s-1", ExpectedVersion.any(), NewEvent.json("Happened", "{}"));
    } finally {
      System.clearProperty(elsewhere);
    }
    await().until(() -> exported().contains("varve write batch"));
  }

  @Test
  void a_collector_that_is_not_there_holds_nobody_up(@TempDir Path folder) throws Exception {
    int nobody = collector.getAddress().getPort();
    collector.stop(0);
    try (TestServer server = tracedTo("http://127.0.0.1:" + nobody, folder.resolve("data"));
        VarveClient client = server.client()) {
      assertThat(
              client
                  .append("s-1", ExpectedVersion.any(), NewEvent.json("Happened", "{}"))
                  .version())
          .isEqualTo(1);
    }
  }

  @Test
  void an_endpoint_that_is_none_is_said_so_and_nothing_stays_open(@TempDir Path folder)
      throws Exception {
    Path data = folder.resolve("data");
    assertThatThrownBy(() -> tracedTo("nowhere", data).close())
        .isInstanceOf(StartFailure.class)
        .hasMessageContaining("traces cannot be exported");
    TestServer.start(data).close();
  }
}
