package io.varve.server.cli;

import static io.varve.server.api.kurrent.KurrentCaller.all;
import static io.varve.server.api.kurrent.KurrentCaller.forwards;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.varve.client.VarveClient;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.proto.kurrent.streams.ReadOptions;
import io.varve.proto.kurrent.streams.ReadRequest;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.proto.kurrent.streams.StreamsGrpc;
import io.varve.server.Certificates;
import io.varve.server.Certificates.Signed;
import io.varve.server.TestServer;
import io.varve.server.api.kurrent.KurrentCaller;
import io.varve.server.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve import --from} that ends early, and what runs after it find. */
class KurrentImportAgainTest {
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

  // ---- a source that goes away

  @Test
  void a_source_that_goes_away_in_the_middle_loses_nothing_and_the_next_run_goes_on_there()
      throws Exception {
    for (int i = 0; i < 20; i++) {
      from.append("order-" + i % 3, "A" + i, "B" + i);
    }
    List<ReadResponse> whole = from.read(all());
    Server breaking = breakingAfter(whole.subList(0, 25));
    try {
      Tool.Run broken = run("127.0.0.1:" + breaking.getPort() + "?tls=false");

      assertThat(broken.code()).isEqualTo(ExitCode.ADDRESS_UNAVAILABLE.code());
      assertThat(broken.errors())
          .contains("25 events are imported", "goes on there", "does not answer", "power cut");
      assertThat(events(target)).hasSize(25);
    } finally {
      breaking.shutdownNow().awaitTermination();
    }

    Tool.Run rest = imported().succeeds();

    assertThat(rest.errors()).contains("going on");
    assertThat(rest.line().get("events").getAsLong()).isEqualTo(15);
    assertThat(events(target)).hasSize(40).isEqualTo(events(source));
  }

  /** A source that gives these and then breaks. */
  private static Server breakingAfter(List<ReadResponse> answers) throws Exception {
    return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(
            new StreamsGrpc.StreamsImplBase() {
              @Override
              public void read(ReadRequest request, StreamObserver<ReadResponse> call) {
                answers.forEach(call::onNext);
                call.onError(Status.UNAVAILABLE.withDescription("power cut").asRuntimeException());
              }
            })
        .build()
        .start();
  }

  // ---- what is not there any more

  @Test
  void what_was_deleted_and_reclaimed_does_not_come_back_behind_itself() throws Exception {
    from.append("deleted-1", "A", "B");
    from.append("truncated-1", "A", "B", "C");
    from.append("order-1", "A");
    source.ownClient().streams().delete("deleted-1");
    source.ownClient().streams().truncate("truncated-1", 3);
    imported().succeeds();
    reclaim("deleted-1", "truncated-1");
    Files.delete(progress());

    Tool.Run again = imported().succeeds();

    assertThat(again.line().get("hidden_already").getAsLong()).isEqualTo(4);
    assertThat(version("deleted-1")).isEqualTo(2);
    assertThat(version("truncated-1")).isEqualTo(3);
    assertThat(events(target)).containsExactly("truncated-1 C", "order-1 A");

    from.append("deleted-1", "C");
    imported().succeeds();
    assertThat(types(target, forwards("deleted-1"))).containsExactly("C");
    assertThat(version("deleted-1")).isEqualTo(3);
  }

  @Test
  void progress_is_believed_though_what_it_names_is_hidden_and_reclaimed_since() throws Exception {
    from.append("order-1", "A");
    from.append("deleted-1", "A", "B");
    imported().succeeds();
    source.ownClient().streams().delete("deleted-1");
    imported().succeeds();
    reclaim("deleted-1");
    from.append("order-1", "B");

    Tool.Run again = imported().succeeds();

    assertThat(again.errors()).contains("going on");
    assertThat(again.line().get("events").getAsLong()).isEqualTo(1);
  }

  @Test
  void an_event_that_the_source_shows_is_not_taken_for_one_that_is_reclaimed() throws Exception {
    VarveClient here = target.ownClient();
    for (String stream : List.of("deleted-1", "truncated-1")) {
      here.append(stream, ExpectedVersion.noStream(), NewEvent.json("Own", "{}"));
      here.append(stream, ExpectedVersion.exactly(1), NewEvent.json("Own", "{}"));
    }
    here.streams().delete("deleted-1");
    here.streams().truncate("truncated-1", 3);
    reclaim("deleted-1", "truncated-1");

    for (String stream : List.of("deleted-1", "truncated-1")) {
      source.close();
      source = TestServer.start(folder.resolve("source-" + stream));
      from = new KurrentCaller(source.connect());
      from.append(stream, "A", "B");
      imported().fails(ExitCode.CONFLICT, "event 0@" + stream + " (A, ", "the source still shows");
      assertThat(version(stream)).isEqualTo(2);
    }
  }

  @Test
  void what_may_have_other_versions_is_not_begun_again_where_progress_is_not_believed()
      throws Exception {
    from.append("order-1", "A");
    imported("--renumber").succeeds();
    source.close();
    source = TestServer.start(folder.resolve("other"));
    from = new KurrentCaller(source.connect());
    from.append("order-2", "A");

    imported("--renumber").fails(ExitCode.CONFLICT, "--renumber", "say another --progress");
    imported("--renumber", "--progress", folder.resolve("second").toString()).succeeds();

    assertThat(events(target)).containsExactly("order-1 A", "order-2 A");
  }

  // ---- options, files, TLS

  @Test
  void what_would_have_no_effect_or_no_place_is_told_before_anything_is_written() {
    from.append("order-1", "A");

    imported("--recorded-as-occurred").fails(ExitCode.USAGE, "--from always keeps");
    imported("--progress", folder.resolve("none").resolve("progress").toString())
        .fails(ExitCode.NOT_THERE, "is not in a folder");

    assertThat(events(target)).isEmpty();
  }

  @Test
  void a_source_with_tls_is_read_if_its_certificate_is_trusted_and_no_file_has_the_password()
      throws Exception {
    from.append("order-1", "A");
    source.close();
    Certificates authority = new Certificates(folder, "authority");
    Signed identity = authority.sign("source", "localhost");
    source =
        TestServer.start(
            TestServer.config(folder.resolve("source"))
                .with(Settings.TLS_CERT, identity.chain())
                .with(Settings.TLS_KEY, identity.key()));
    String place = "someone:hunter2@localhost:" + source.port();

    run(place + "?defaultDeadline=60000")
        .fails(ExitCode.ADDRESS_UNAVAILABLE, "does not answer", "certif");
    run(place + "?tlsCaFile=" + folder.resolve("none.pem")).fails(ExitCode.NOT_THERE, "none.pem");
    Tool.Run read = run(place + "?tlsCaFile=" + authority.pem()).succeeds();
    run(place + "?tlsVerifyCert=false").succeeds();

    assertThat(events(target)).containsExactly("order-1 A");
    assertThat(read.errors() + read.output() + Files.readString(progress()))
        .doesNotContain("hunter2", "someone");
  }

  // ---- means

  private Tool.Run imported(String... options) {
    return run("127.0.0.1:" + source.port() + "?tls=false&defaultDeadline=60000", options);
  }

  private Tool.Run run(String place, String... options) {
    List<String> words = new ArrayList<>(List.of("import", "--from", "kurrentdb://" + place));
    words.addAll(List.of(options));
    if (!words.contains("--progress")) {
      words.addAll(List.of("--progress", progress().toString()));
    }
    return new Tool(target).run(words.toArray(String[]::new));
  }

  private Path progress() {
    return folder.resolve("progress");
  }

  private long version(String stream) {
    return target.ownClient().streams().get(stream).orElseThrow().version();
  }

  /**
   * Has the target reclaim what these streams hide: the ids of their first events are free then.
   */
  private void reclaim(String... streams) {
    VarveClient here = target.ownClient();
    List<UUID> hidden = new ArrayList<>();
    for (String stream : streams) {
      hidden.add(firstOf(stream));
    }
    here.admin().scavenge();
    await().until(() -> hidden.stream().noneMatch(id -> here.getEvent(id).isPresent()));
  }

  private UUID firstOf(String stream) {
    for (long position = 1; position <= 1_000; position++) { // more than any test here writes
      var event = target.ownClient().getEvent(position);
      if (event.filter(found -> found.stream().equals(stream)).isPresent()) {
        return event.orElseThrow().id();
      }
    }
    throw new AssertionError("no event of " + stream);
  }

  /** Streams and types of the whole log, but for system streams. */
  private static List<String> events(TestServer server) {
    return new KurrentCaller(server.connect())
        .events(all()).stream()
            .map(
                seen ->
                    KurrentCaller.stream(seen.getEvent())
                        + " "
                        + KurrentCaller.type(seen.getEvent()))
            .filter(words -> !words.startsWith("$"))
            .toList();
  }

  private static List<String> types(TestServer server, ReadOptions.Builder options) {
    return new KurrentCaller(server.connect())
        .events(options).stream().map(seen -> KurrentCaller.type(seen.getEvent())).toList();
  }
}
