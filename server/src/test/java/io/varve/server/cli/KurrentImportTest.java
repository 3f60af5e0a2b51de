package io.varve.server.cli;

import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.any;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.Retention;
import io.varve.client.streams.StreamLife;
import io.varve.proto.kurrent.streams.AppendOptions;
import io.varve.proto.kurrent.streams.ProposedMessage;
import io.varve.proto.kurrent.streams.ReadEvent;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.server.TestServer;
import io.varve.server.api.kurrent.KurrentCaller;
import io.varve.server.config.Setting;
import io.varve.server.config.Settings;
import io.varve.server.security.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve import --from}: a store that is read through KurrentDB's protocol, in another. */
class KurrentImportTest {
  private static final String PASSWORD = "correct horse@/%";

  @TempDir Path folder;
  private TestServer source;
  private TestServer target;
  private KurrentCaller from;

  @BeforeEach
  void start() throws Exception {
    source = TestServer.start(folder.resolve("source"));
    target = TestServer.start(folder.resolve("target"));
    from = new KurrentCaller(source.connect());
  }

  @AfterEach
  void stop() {
    source.close();
    target.close();
  }

  // ---- events

  @Test
  void clients_read_the_same_events_in_the_same_order_afterwards() {
    writeOfAllKinds();

    JsonObject result = imported().succeeds().line();

    assertThat(result.get("events").getAsLong()).isEqualTo(9);
    assertThat(seen(all())).hasSize(9).isEqualTo(seen(source, all()));
    for (String stream : List.of("order-1", "order-2", "plain")) {
      assertThat(seen(forwards(stream))).isNotEmpty().isEqualTo(seen(source, forwards(stream)));
    }
  }

  @Test
  void when_an_event_was_recorded_there_is_when_it_occurred() {
    from.append("order-1", "Placed");
    imported().succeeds();

    Instant recorded = source.ownClient().getEvent("order-1", 1).orElseThrow().recordedAt();
    Instant occurred = target.ownClient().getEvent("order-1", 1).orElseThrow().occurredAt();
    assertThat(occurred).isNotNull();
    assertThat(Duration.between(occurred, recorded)).isBetween(Duration.ZERO, Duration.ofNanos(99));
  }

  @Test
  void another_run_takes_what_has_come_since_and_one_without_progress_recognises_the_rest()
      throws Exception {
    writeOfAllKinds();
    imported().succeeds();
    from.append("order-1", "Shipped", "Paid");

    Tool.Run second = imported().succeeds();
    assertThat(second.errors()).contains("going on");
    assertThat(second.line().get("events").getAsLong()).isEqualTo(2);

    Files.delete(progress());
    Tool.Run third = imported().succeeds();
    assertThat(third.line().get("events").getAsLong()).isEqualTo(11);
    assertThat(third.line().get("deduplicated").getAsLong()).isEqualTo(11);
    assertThat(seen(all())).isEqualTo(seen(source, all()));
  }

  @Test
  void an_id_that_stands_in_two_streams_stands_in_both_afterwards() {
    UUID id = UUID.randomUUID();
    append(any("order-1"), KurrentCaller.event(id, "Placed"));
    append(any("order-2"), KurrentCaller.event(id, "Copied"));

    imported().succeeds();
    assertThat(seen(forwards("order-2"))).isEqualTo(seen(source, forwards("order-2")));
    assertThat(seen(all())).hasSize(2).isEqualTo(seen(source, all()));

    imported().succeeds();
    assertThat(seen(all())).hasSize(2);
  }

  @Test
  void an_event_over_a_limit_ends_it_by_name_and_it_goes_on_when_the_limit_is_another()
      throws Exception {
    writeOfAllKinds();
    append(any("order-9"), event("Huge").setData(ByteString.copyFrom(new byte[20_000])));
    from.append("order-9", "After");
    target.close();
    target = startWithPayloadsUpTo(10_000);

    imported()
        .fails(ExitCode.REFUSED, "event 0@order-9 (Huge, ", "the events before it are imported");
    assertThat(seen(all())).hasSize(9);

    target.close();
    target = TestServer.start(folder.resolve("target"));
    imported().succeeds();
    assertThat(seen(all())).hasSize(11).isEqualTo(seen(source, all()));
  }

  @Test
  void progress_of_another_source_is_not_believed() throws Exception {
    from.append("order-1", "Placed");
    imported().succeeds();
    source.close();
    source = TestServer.start(folder.resolve("other"));
    from = new KurrentCaller(source.connect());
    from.append("order-5", "Placed");
    from.append("order-6", "Placed");

    Tool.Run run = imported().succeeds();

    assertThat(run.errors()).doesNotContain("going on");
    assertThat(run.line().get("events").getAsLong()).isEqualTo(2);
  }

  @Test
  void a_stream_with_other_events_ends_it_unless_it_may_renumber() {
    from.append("order-1", "Placed", "Paid");
    target.ownClient().append("order-1", ExpectedVersion.noStream(), NewEvent.json("Own", "{}"));

    imported().fails(ExitCode.CONFLICT, "event 0@order-1 (Placed, ", "--renumber");
    imported("--renumber").succeeds();
    imported("--renumber").succeeds();

    assertThat(types(forwards("order-1"))).containsExactly("Own", "Placed", "Paid");
  }

  // ---- what is said of streams

  @Test
  void streams_show_what_they_show_in_the_source() {
    from.append("counted-1", "A", "B", "C");
    from.append("truncated-1", "A", "B", "C");
    from.append("aged-1", "A");
    from.append("deleted-1", "A", "B");
    from.append("reopened-1", "A", "B");
    from.append("closed-1", "A");
    describe("counted-1", "{\"$maxCount\":2,\"own\":1}");
    describe("truncated-1", "{\"$tb\":1}");
    describe("truncated-1", "{\"$tb\":2}");
    describe("aged-1", "{\"$maxAge\":3600,\"$acl\":{\"$r\":\"$all\"}}");
    VarveClient there = source.ownClient();
    there.streams().delete("deleted-1");
    there.streams().delete("reopened-1");
    from.append("reopened-1", "C");
    there.streams().tombstone("closed-1");

    Tool.Run run = imported().succeeds();

    for (String stream : List.of("counted-1", "truncated-1", "aged-1", "reopened-1")) {
      assertThat(seen(forwards(stream)))
          .as(stream)
          .isNotEmpty()
          .isEqualTo(seen(source, forwards(stream)));
    }
    VarveClient here = target.ownClient();
    assertThat(here.streams().get("counted-1").orElseThrow().retention())
        .isEqualTo(Retention.newest(2));
    assertThat(here.streams().get("aged-1").orElseThrow().retention())
        .isEqualTo(Retention.within(Duration.ofHours(1)));
    assertThat(here.streams().get("deleted-1").orElseThrow().life()).isEqualTo(StreamLife.DELETED);
    assertThat(here.streams().get("closed-1").orElseThrow().life())
        .isEqualTo(StreamLife.TOMBSTONED);
    assertThat(run.errors()).contains("left out: 2 streams' metadata but for");
    assertThat(run.line().get("streams_with_retention").getAsLong()).isEqualTo(2);
    assertThat(run.line().get("streams_closed").getAsLong()).isEqualTo(1);
  }

  @Test
  void a_run_without_progress_finds_all_as_it_was_also_where_it_has_hidden_something()
      throws Exception {
    from.append("truncated-1", "A", "B", "C");
    from.append("deleted-1", "A");
    from.append("closed-1", "A");
    describe("truncated-1", "{\"$tb\":2}");
    source.ownClient().streams().delete("deleted-1");
    source.ownClient().streams().tombstone("closed-1");
    imported().succeeds();
    Files.delete(progress());

    imported().succeeds();

    assertThat(types(forwards("truncated-1"))).containsExactly("C");
    assertThat(target.ownClient().streams().get("deleted-1").orElseThrow().version()).isEqualTo(1);
  }

  @Test
  void what_was_written_here_since_is_not_deleted_with_what_is_from_there() {
    from.append("deleted-1", "A");
    imported().succeeds();
    target.ownClient().append("deleted-1", ExpectedVersion.exactly(1), NewEvent.json("Own", "{}"));
    source.ownClient().streams().delete("deleted-1");

    Tool.Run run = imported().succeeds();

    assertThat(run.line().get("streams_left_alone").getAsLong()).isEqualTo(1);
    assertThat(types(forwards("deleted-1"))).containsExactly("A", "Own");
  }

  @Test
  void what_was_written_here_since_is_neither_closed_nor_bounded_with_what_is_from_there() {
    from.append("closed-1", "A");
    from.append("counted-1", "A");
    imported().succeeds();
    for (String stream : List.of("closed-1", "counted-1")) {
      target.ownClient().append(stream, ExpectedVersion.exactly(1), NewEvent.json("Own", "{}"));
    }
    source.ownClient().streams().tombstone("closed-1");
    describe("counted-1", "{\"$maxCount\":1}");

    Tool.Run run = imported().succeeds();

    assertThat(run.line().get("streams_left_alone").getAsLong()).isEqualTo(2);
    assertThat(run.line().get("streams_closed").getAsLong()).isZero();
    assertThat(types(forwards("closed-1"))).containsExactly("A", "Own");
    assertThat(types(forwards("counted-1"))).containsExactly("A", "Own");
    assertThat(target.ownClient().streams().get("counted-1").orElseThrow().retention())
        .isEqualTo(Retention.everything());
  }

  @Test
  void links_stay_links_unless_versions_change() {
    from.append("order-1", "Placed");
    append(any("index"), event("$>").setData(ByteString.copyFromUtf8("0@order-1")));

    imported().succeeds();

    assertThat(types(forwards("index").setResolveLinks(true))).containsExactly("Placed");
    assertThat(imported("--renumber", "--progress", folder.resolve("again").toString()).line())
        .satisfies(line -> assertThat(line.get("links_left_out").getAsLong()).isEqualTo(1));
  }

  // ---- reaching it

  @Test
  void a_source_with_access_control_is_read_as_a_user() throws Exception {
    from.append("order-1", "Placed");
    source.close();
    Path data = folder.resolve("source");
    TestServer.addUser(data, "administrator", Role.ADMINISTRATOR, PASSWORD);
    source = TestServer.start(TestServer.config(data).with(Settings.ACCESS_CONTROL, true));
    Path secret = Files.writeString(folder.resolve("secret"), PASSWORD + "\n");

    run("kurrentdb://" + place()).fails(ExitCode.DENIED, "does not let the caller read");
    run("kurrentdb://administrator:wrong@" + place()).fails(ExitCode.DENIED);
    run("esdb://administrator@" + place(), "--from-password-file", secret.toString()).succeeds();
    run("esdb://administrator:correct%20horse%40%2F%25@" + place()).succeeds();

    assertThat(types(all())).containsExactly("Placed");
  }

  @Test
  void a_source_that_is_not_understood_or_not_there_is_told_in_a_sentence() {
    run("http://" + place()).fails(ExitCode.USAGE, "kurrentdb://");
    run("kurrentdb://u:secret@" + place() + "&colour=red").fails(ExitCode.USAGE, "colour");
    assertThat(run("kurrentdb://u:secret@" + place() + "&colour=red").errors())
        .doesNotContain("secret");
    run("kurrentdb://u:p@192.0.2.1:1?tls=false").fails(ExitCode.USAGE, "in the clear");
    new Tool(target).run("import", "--progress", "x").fails(ExitCode.USAGE, "--from");
    String gone = "kurrentdb://" + place();
    source.close();
    run(gone).fails(ExitCode.ADDRESS_UNAVAILABLE, "does not answer");
  }

  // ---- means

  @SuppressWarnings("unchecked") // sizes are settings of this type
  private TestServer startWithPayloadsUpTo(long bytes) throws Exception {
    Setting<Long> limit = (Setting<Long>) Settings.find("limit-payload-bytes").orElseThrow();
    return TestServer.start(TestServer.config(folder.resolve("target")).with(limit, bytes));
  }

  private String place() {
    return "127.0.0.1:" + source.port() + "?tls=false&defaultDeadline=60000";
  }

  private Tool.Run imported(String... options) {
    return run("kurrentdb://" + place(), options);
  }

  private Tool.Run run(String address, String... options) {
    List<String> all = new ArrayList<>(List.of("import", "--from", address));
    all.addAll(List.of(options));
    if (!all.contains("--progress")) {
      all.addAll(List.of("--progress", progress().toString()));
    }
    return new Tool(target).run(all.toArray(String[]::new));
  }

  private Path progress() {
    return folder.resolve("progress");
  }

  private void append(AppendOptions.Builder options, ProposedMessage.Builder... events) {
    assertThat(from.append(options, events).hasSuccess()).isTrue();
  }

  private static ProposedMessage.Builder event(String type) {
    return KurrentCaller.event(UUID.randomUUID(), type);
  }

  private void describe(String stream, String json) {
    append(any("$$" + stream), event("$metadata").setData(ByteString.copyFromUtf8(json)));
  }

  private void writeOfAllKinds() {
    append(
        any("order-1"),
        event("Placed").setCustomMetadata(text("{\"$correlationId\":\"7\",\"n\":1}")),
        event("Priced")
            .setCustomMetadata(
                text(
                    "{\"z\":\"1\",\"who\":\"Ada\",\"b\":\"2\",\"a\":\"3\",\"y\":\"4\",\"c\":\"5\","
                        + "\"$tags\":[\"a:1\"]}")));
    append(any("order-2"), event("Placed").setCustomMetadata(text("no JSON")));
    append(
        any("plain"),
        event("Bytes")
            .putMetadata("content-type", "application/octet-stream")
            .setData(ByteString.copyFrom(new byte[] {0, -1, 5}))
            .setCustomMetadata(ByteString.copyFrom(new byte[] {-1, -2})));
    append(any("order-1"), event("Packed"), event("Empty").setData(ByteString.EMPTY));
    append(any("order-2"), event("Cancelled"));
    append(any("plain"), event("grüß"), event("Text").setData(text("{ \"a\" : 1.0 }")));
  }

  private static ByteString text(String text) {
    return ByteString.copyFrom(text, UTF_8);
  }

  private List<String> types(ReadOptions.Builder options) {
    return new KurrentCaller(target.connect())
        .events(options).stream()
            .filter(event -> !KurrentCaller.stream(event.getEvent()).startsWith("$"))
            .map(event -> KurrentCaller.type(event.getEvent()))
            .toList();
  }

  private List<Object> seen(ReadOptions.Builder options) {
    return seen(target, options);
  }

  /** All that clients see of events, but for when and where in the log. */
  private static List<Object> seen(TestServer server, ReadOptions.Builder options) {
    return new KurrentCaller(server.connect())
        .events(options).stream()
            .map(ReadEvent::getEvent)
            .filter(event -> !KurrentCaller.stream(event).startsWith("$"))
            .<Object>map(
                event ->
                    event.toBuilder()
                        .clearCommitPosition()
                        .clearPreparePosition()
                        .removeMetadata("created")
                        .build())
            .toList();
  }
}
