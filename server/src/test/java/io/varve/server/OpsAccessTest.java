package io.varve.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.NewToken;
import io.varve.client.streams.Query;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.UserRole;
import io.varve.proto.kurrent.StreamIdentifier;
import io.varve.proto.kurrent.Uuid;
import io.varve.proto.kurrent.streams.BatchAppendOptions;
import io.varve.proto.kurrent.streams.BatchAppendRequest;
import io.varve.proto.kurrent.streams.BatchAppendResponse;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.server.api.grpc.GuardedServer;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operations port of a server with access control: each sees what they may read. */
class OpsAccessTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String PASSWORD = "correct horse";
  private static final String CHANGE = "X-Varve-Console";

  private static TestServer server;
  private static VarveClient admin;
  private static OpsClient ops;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    Path data = folder.resolve("data");
    TestServer.addUser(data, "root", Role.ADMINISTRATOR, PASSWORD);
    server =
        TestServer.start(
            TestServer.config(data)
                .with(Settings.ACCESS_CONTROL, true)
                .with(Settings.OPS, true)
                .with(Settings.CONSOLE_CHANGES, true)
                .with(Settings.DISK_RESERVE, 0L));
    admin =
        VarveClient.builder()
            .endpoint("127.0.0.1", server.port())
            .deadline(PATIENCE)
            .user("root", PASSWORD)
            .build();
    admin.access().saveUser("reader", UserRole.READER, PASSWORD);
    for (String stream : List.of("account-1", "secret-1", "account-2")) {
      admin.append(
          stream,
          ExpectedVersion.any(),
          NewEvent.builder("Opened").json("{}").tag("of:" + stream).build());
    }
    admin.streams().setRetention("secret-1", Retention.newest(1_000)); // an event of $streams
    admin.consumerGroups().create(ConsumerGroup.ofLog("mailers", Query.categories("account")));
    admin.consumerGroups().create(ConsumerGroup.ofLog("secrets", Query.categories("secret")));
    ops = new OpsClient(server.opsPort());
  }

  @AfterAll
  static void stop() {
    if (ops != null) {
      ops.close();
    }
    if (admin != null) {
      admin.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static String basic(String user) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + PASSWORD).getBytes(UTF_8));
  }

  private static NewToken token(String... permissions) {
    return admin.access().createToken("test", List.of(permissions), null);
  }

  private static String bearer(String... permissions) {
    return "Bearer " + token(permissions).token();
  }

  private static HttpResponse<String> get(String path, String authorization) throws Exception {
    return ops.get(path, "Authorization", authorization);
  }

  private static int status(String path, String authorization) throws Exception {
    return get(path, authorization).statusCode();
  }

  private static List<String> streams(String path, String list, String authorization)
      throws Exception {
    HttpResponse<String> response = get(path, authorization);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonObject answer = JsonParser.parseString(response.body()).getAsJsonObject();
    List<String> found = new ArrayList<>();
    for (JsonElement one : answer.getAsJsonArray(list)) {
      JsonObject object = one.getAsJsonObject();
      found.add(object.get(object.has("stream") ? "stream" : "name").getAsString());
    }
    return found;
  }

  @Test
  void whoever_shows_nothing_is_asked_and_learns_only_that_the_server_lives() throws Exception {
    assertThat(ops.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(ops.get("/readyz").statusCode()).isEqualTo(200);
    for (String path : List.of("/", "/main.js", "/metrics", "/api/overview", "/api/tail")) {
      HttpResponse<String> asked = ops.get(path);
      assertThat(asked.statusCode()).as(path).isEqualTo(401);
      assertThat(asked.headers().firstValue("WWW-Authenticate"))
          .hasValueSatisfying(challenge -> assertThat(challenge).startsWith("Basic realm="));
    }
    assertThat(status("/", "Bearer nonsense")).isEqualTo(401);
    assertThat(ops.post("/api/scavenge", CHANGE, "1").statusCode()).isEqualTo(401);
  }

  @Test
  void a_reader_sees_all_but_what_is_the_servers_own_and_changes_nothing() throws Exception {
    String reader = basic("reader");
    for (String path : List.of("/", "/metrics", "/api/overview", "/api/subscriptions")) {
      assertThat(status(path, reader)).as(path).isEqualTo(200);
    }
    assertThat(streams("/api/streams", "streams", reader))
        .contains("account-1", "secret-1")
        .noneMatch(stream -> stream.startsWith("$"));
    assertThat(streams("/api/log", "events", reader))
        .contains("account-1", "secret-1")
        .noneMatch(stream -> stream.startsWith("$"));
    assertThat(get("/api/counts?kind=type", reader).body())
        .contains("Opened")
        .doesNotContain("\"$");
    assertThat(get("/api/counts?kind=category", reader).body()).doesNotContain("\"$");
    assertThat(get("/api/counts?kind=tag", reader).body())
        .contains("of:secret-1")
        .doesNotContain("stream:"); // the tags of what happened to streams, which $streams has
    assertThat(status("/api/stream?name=%24access", reader)).isEqualTo(403);
    assertThat(status("/api/groups", reader)).isEqualTo(403); // that is about consuming
    assertThat(get("/api/me", reader).body())
        .isEqualTo("{\"name\":\"user reader\",\"changesAllowed\":false}");
    assertThat(ops.post("/api/scavenge", CHANGE, "1", "Authorization", reader).statusCode())
        .isEqualTo(403);
  }

  @Test
  void an_administrator_sees_and_may_do_everything() throws Exception {
    String root = basic("root");
    assertThat(streams("/api/streams?prefix=%24", "streams", root)).contains("$access");
    assertThat(status("/api/stream?name=%24access", root)).isEqualTo(200);
    assertThat(get("/api/counts?kind=tag", root).body()).contains("stream:secret-1");
    assertThat(streams("/api/groups", "groups", root)).containsExactly("mailers", "secrets");
    assertThat(get("/api/me", root).body()).contains("\"changesAllowed\":true");
    assertThat(ops.post("/api/scavenge", CHANGE, "1", "Authorization", root).statusCode())
        .isEqualTo(200);
  }

  @Test
  void who_may_read_a_part_sees_that_part_and_hidden_is_like_not_there() throws Exception {
    String part = bearer("read:category=account");
    assertThat(streams("/api/log", "events", part))
        .isNotEmpty()
        .allMatch(stream -> stream.startsWith("account-"));
    assertThat(streams("/api/log?tag=of:secret-1", "events", part)).isEmpty();
    assertThat(streams("/api/streams?category=account", "streams", part))
        .containsExactly("account-1", "account-2");
    assertThat(status("/api/stream?name=account-1", part)).isEqualTo(200);
    assertThat(get("/api/stream?name=secret-1", part).body())
        .isEqualTo(get("/api/stream?name=secret-9", part).body().replace("secret-9", "secret-1"))
        .contains("permission read");

    HttpResponse<String> secret = get("/api/log?tag=of:secret-1", basic("root"));
    long position =
        JsonParser.parseString(secret.body())
            .getAsJsonObject()
            .getAsJsonArray("events")
            .get(0)
            .getAsJsonObject()
            .get("position")
            .getAsLong();
    assertThat(status("/api/event?position=" + position, basic("root"))).isEqualTo(200);
    assertThat(status("/api/event?position=" + position, part)).isEqualTo(404);
    for (String whole :
        List.of(
            "/metrics",
            "/api/overview",
            "/api/subscriptions",
            "/api/streams",
            "/api/streams?category=secret",
            "/api/counts?kind=type",
            "/api/groups",
            "/api/group?name=mailers",
            "/api/parked?group=mailers")) {
      assertThat(status(whole, part)).as(whole).isEqualTo(403);
    }
  }

  @Test
  void who_may_consume_a_group_sees_that_group_and_no_event_but_what_it_parked() throws Exception {
    String mailer = bearer("consume:mail");
    assertThat(status("/", mailer)).isEqualTo(200);
    assertThat(status("/api/group?name=mailers", mailer)).isEqualTo(200);
    assertThat(status("/api/parked?group=mailers", mailer)).isEqualTo(200);
    assertThat(status("/api/group?name=secrets", mailer)).isEqualTo(403);
    assertThat(status("/api/log", mailer)).isEqualTo(403);
    assertThat(status("/api/tail", mailer)).isEqualTo(403);
    assertThat(status("/api/stream?name=account-1", mailer)).isEqualTo(403);
  }

  @Test
  void a_live_tail_ends_when_what_it_came_with_is_taken_away() throws Exception {
    NewToken token = token("read:category=account");
    try (TailReader tail =
        new TailReader(server.opsPort(), "/api/tail", "Authorization: Bearer " + token.token())) {
      assertThat(tail.next("hello")).isNotEmpty();
      admin.append("secret-1", ExpectedVersion.any(), NewEvent.json("Hidden", "{}"));
      admin.append("account-1", ExpectedVersion.any(), NewEvent.json("Seen", "{}"));
      String data = "";
      while (!data.contains("Seen")) {
        data = String.valueOf(tail.next("events").get("data"));
        assertThat(data).doesNotContain("Hidden");
      }
      admin.access().revokeToken(token.info().id());
      admin.append("account-1", ExpectedVersion.any(), NewEvent.json("TooLate", "{}"));
      assertThat(tail.rest()).doesNotContain("TooLate");
    }
    assertThat(status("/", "Bearer " + token.token())).isEqualTo(401);
  }

  @Test
  void a_streams_own_list_holds_here_too() throws Exception {
    String stream = "listed-1";
    admin.append(
        stream, ExpectedVersion.any(), NewEvent.builder("Listed").json("{}").tag("l").build());
    String reader = basic("reader");
    try (TailReader tail =
        new TailReader(server.opsPort(), "/api/tail", "Authorization: " + reader)) {
      assertThat(tail.next("hello")).isNotEmpty();
      assertThat(status("/api/stream?name=listed-1", reader)).isEqualTo(200);
      assertThat(status("/api/counts?kind=type", reader)).isEqualTo(200);

      describe(stream, "{\"$acl\":{\"$r\":[]}}");
      admin.append(stream, ExpectedVersion.any(), NewEvent.json("ListedToo", "{}"));
      admin.append("account-1", ExpectedVersion.any(), NewEvent.json("Free", "{}"));
      String data = "";
      while (!data.contains("Free")) {
        data = String.valueOf(tail.next("events").get("data"));
        assertThat(data).doesNotContain("ListedToo");
      }
    }

    assertThat(status("/api/stream?name=listed-1", reader)).isEqualTo(403);
    assertThat(streams("/api/log?tag=l", "events", basic("root"))).containsExactly(stream);
    assertThat(streams("/api/log?tag=l", "events", reader)).isEmpty();
    assertThat(streams("/api/streams?category=listed", "streams", reader)).isEmpty();
    assertThat(status("/api/counts?kind=type", reader)).isEqualTo(403);
    assertThat(status("/metrics", reader)).isEqualTo(200);
    assertThat(status("/api/overview", reader)).isEqualTo(200);

    describe(stream, "{}");
    assertThat(streams("/api/streams?category=listed", "streams", reader)).containsExactly(stream);
    assertThat(status("/api/counts?kind=type", reader)).isEqualTo(200);
  }

  /** As KurrentDB's clients say something of a stream. */
  private static void describe(String stream, String json) {
    var options =
        BatchAppendOptions.newBuilder()
            .setStreamIdentifier(
                StreamIdentifier.newBuilder().setStreamName(ByteString.copyFromUtf8("$$" + stream)))
            .setAny(Empty.getDefaultInstance());
    CompletableFuture<BatchAppendResponse> answer = new CompletableFuture<>();
    StreamObserver<BatchAppendRequest> call =
        StreamsGrpc.newStub(GuardedServer.as(server.connect(), "root"))
            .batchAppend(
                new StreamObserver<>() {
                  @Override
                  public void onNext(BatchAppendResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable error) {
                    answer.completeExceptionally(error);
                  }

                  @Override
                  public void onCompleted() {
                    answer.completeExceptionally(new AssertionError("no answer"));
                  }
                });
    call.onNext(
        BatchAppendRequest.newBuilder()
            .setCorrelationId(Uuid.newBuilder().setString(UUID.randomUUID().toString()))
            .setOptions(options)
            .addProposedMessages(
                ProposedMessage.newBuilder()
                    .setId(Uuid.newBuilder().setString(UUID.randomUUID().toString()))
                    .putMetadata("type", "$metadata")
                    .putMetadata("content-type", "application/json")
                    .setData(ByteString.copyFromUtf8(json)))
            .setIsFinal(true)
            .build());
    assertThat(answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join().hasSuccess())
        .isTrue();
    call.onCompleted();
  }

  @Test
  void refusals_and_changes_stand_in_the_audit_trail() throws Exception {
    assertThat(status("/api/overview", "Bearer wrong")).isEqualTo(401);
    assertThat(status("/api/stream?name=secret-1", bearer("read:audited-"))).isEqualTo(403);
    String path = "/api/discard?group=mailers&all=true";
    assertThat(ops.post(path, CHANGE, "1", "Authorization", basic("root")).statusCode())
        .isEqualTo(200);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              List<String> told = new ArrayList<>();
              try (EventReader events = admin.readStream(ReadStream.of("$audit"))) {
                for (RecordedEvent event : events.toList()) {
                  told.add(event.type() + " " + new String(event.data(), UTF_8));
                }
              }
              assertThat(told)
                  .anyMatch(e -> e.startsWith("$Refused") && e.contains("GET /api/overview"))
                  .anyMatch(e -> e.startsWith("$Refused") && e.contains("GET /api/stream"))
                  .anyMatch(
                      e ->
                          e.startsWith("$Done")
                              && e.contains("POST /api/discard")
                              && e.contains("mailers")
                              && e.contains("user root"));
            });
  }
}
