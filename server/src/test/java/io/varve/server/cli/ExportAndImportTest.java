package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.server.TestServer;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve export} and {@code varve import}: one store's events in another, byte for byte. */
class ExportAndImportTest {
  private static final int EVENTS = 300;

  @TempDir Path folder;
  private TestServer source;
  private TestServer target;
  private Path file;

  @BeforeEach
  void start() throws Exception {
    source = TestServer.start(folder.resolve("source"));
    target = TestServer.start(folder.resolve("target"));
    file = folder.resolve("export.jsonl");
    write(source);
  }

  @AfterEach
  void stop() {
    source.close();
    target.close();
  }

  @Test
  void a_store_comes_out_of_its_export_as_it_went_in() throws Exception {
    from("export", file.toString()).succeeds();
    into("import", file.toString()).succeeds();

    assertThat(comparable(target)).isEqualTo(comparable(source));
    assertThat(folder.resolve("export.jsonl.import-progress")).doesNotExist();
  }

  @Test
  void a_pipe_will_do() {
    String export = from("export").succeeds().output();

    Tool.Run run = new Tool(target).given(export).run("import").succeeds();

    assertThat(run.line().get("events").getAsLong()).isEqualTo(EVENTS);
    assertThat(comparable(target)).isEqualTo(comparable(source));
  }

  @Test
  void what_is_there_already_is_recognised() {
    from("export", file.toString()).succeeds();
    into("import", file.toString()).succeeds();

    Tool.Run again = into("import", file.toString()).succeeds();

    assertThat(again.line().get("deduplicated").getAsLong()).isEqualTo(EVENTS);
    assertThat(comparable(target)).isEqualTo(comparable(source));
  }

  @Test
  void an_export_cut_at_any_byte_goes_on_to_the_same_file() throws Exception {
    from("export", file.toString()).succeeds();
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(7);
    for (int i = 0; i < 20; i++) {
      byte[] part = Arrays.copyOf(whole, random.nextInt(200, whole.length));
      Files.write(file, part);

      from("export", file.toString()).succeeds();

      assertThat(Files.readAllBytes(file)).as("cut at %d", part.length).isEqualTo(whole);
    }
    assertThat(from("export", file.toString()).succeeds().errors()).contains("complete already");
  }

  @Test
  void an_import_of_a_cut_export_says_so_and_the_whole_one_completes_it() throws Exception {
    from("export", file.toString()).succeeds();
    byte[] whole = Files.readAllBytes(file);
    Random random = new Random(8);
    for (int i = 0; i < 5; i++) {
      Files.write(file, Arrays.copyOf(whole, random.nextInt(200, whole.length - 60)));
      into("import", file.toString())
          .fails(ExitCode.REFUSED, "not complete", "what is there is imported");
    }

    Files.write(file, whole);
    into("import", file.toString()).succeeds();

    assertThat(comparable(target)).isEqualTo(comparable(source));
  }

  @Test
  void an_import_goes_on_where_its_progress_file_says() throws Exception {
    from("export", file.toString()).succeeds();
    String half = firstLines(Files.readString(file), 150);
    new Tool(target).given(half).run("import").fails(ExitCode.REFUSED, "not complete");
    progress(half).write(ImportProgress.fileFor(file));

    Tool.Run run = into("import", file.toString()).succeeds();

    assertThat(run.errors()).contains("going on after line 150");
    assertThat(run.line().get("events").getAsLong()).isEqualTo(EVENTS - 149);
    assertThat(comparable(target)).isEqualTo(comparable(source));
  }

  @Test
  void lines_of_another_program_need_no_end_wherever_they_are_gone_on_with() throws Exception {
    from("export", file.toString()).succeeds();
    String lines = Files.readString(file).lines().skip(1).limit(EVENTS).collect(joining("\n"));
    Files.writeString(file, lines + "\n");
    new Tool(target).given(firstLines(lines, 150)).run("import").succeeds();
    progress(firstLines(lines, 150)).write(ImportProgress.fileFor(file));

    into("import", file.toString()).succeeds();

    assertThat(comparable(target)).isEqualTo(comparable(source));
  }

  @Test
  void progress_in_another_file_of_the_same_name_is_not_believed() throws Exception {
    from("export", file.toString()).succeeds();
    String half = firstLines(Files.readString(file), 150);
    new Tool(target).given(half).run("import").fails(ExitCode.REFUSED, "not complete");
    progress(half.replace("Ada", "Bob")).write(ImportProgress.fileFor(file));

    into("import", file.toString()).succeeds();

    assertThat(comparable(target)).isEqualTo(comparable(source));
  }

  @Test
  void a_store_that_was_set_back_meanwhile_gets_what_it_has_lost() throws Exception {
    from("export", file.toString()).succeeds();
    String lines = Files.readString(file);
    new Tool(target).given(firstLines(lines, 50)).run("import").fails(ExitCode.REFUSED);
    target.close();
    Path backup = folder.resolve("backup");
    offline("backup", backup, folder.resolve("target"));
    target = TestServer.start(folder.resolve("target"));
    new Tool(target).given(firstLines(lines, 150)).run("import").fails(ExitCode.REFUSED);
    progress(firstLines(lines, 150)).write(ImportProgress.fileFor(file));
    target.close();
    offline("restore", backup, folder.resolve("restored"));
    target = TestServer.start(folder.resolve("restored"));
    try (VarveClient store = target.client()) { // as far as it was, and further
      List<NewEvent> others =
          Stream.generate(() -> NewEvent.json("Happened", "{}")).limit(150).toList();
      store.append("other-1", ExpectedVersion.any(), others);
    }

    Tool.Run run = into("import", file.toString()).succeeds();

    assertThat(run.errors()).doesNotContain("going on");
    assertThat(run.line().get("deduplicated").getAsLong()).isEqualTo(49);
    assertThat(events(target))
        .filteredOn(event -> event.stream().startsWith("account-"))
        .extracting(RecordedEvent::asWritten)
        .isEqualTo(events(source).stream().map(RecordedEvent::asWritten).toList());
  }

  private static void offline(String command, Path backup, Path data) {
    new Tool("nowhere:1").runAsIs(command, backup.toString(), "--data", data.toString()).succeeds();
  }

  @Test
  void an_event_that_would_get_another_version_ends_it_unless_that_is_wanted() {
    from("export", "--type", "Odd", file.toString()).succeeds();

    into("import", file.toString()).fails(ExitCode.CONFLICT, "line 2", "--renumber");
    into("import", "--renumber", file.toString()).succeeds();

    assertThat(events(target)).hasSize(EVENTS / 2).allMatch(e -> e.type().equals("Odd"));
  }

  @Test
  void an_export_under_another_query_is_not_mixed_with_this_one() {
    from("export", file.toString()).succeeds();

    from("export", "--tag", "n:1", file.toString())
        .fails(ExitCode.REFUSED, "another store or query");
  }

  @Test
  void a_file_that_is_something_else_is_left_alone() throws Exception {
    Files.writeString(file, "my thesis\n");

    from("export", file.toString()).fails(ExitCode.REFUSED, "not an export");
    into("import", file.toString()).fails(ExitCode.REFUSED, "line 1");
    into("import", folder.resolve("none").toString()).fails(ExitCode.NOT_THERE, "no such file");

    assertThat(Files.readString(file)).isEqualTo("my thesis\n");
  }

  @Test
  void an_export_whose_last_line_is_no_event_is_left_alone() throws Exception {
    from("export", file.toString()).succeeds();
    String begun = firstLines(Files.readString(file), 10);
    for (String line : List.of("{\"stream\":\"a", "{}", "[]", "{\"position\":\"x\"}", "")) {
      Files.writeString(file, begun + line + "\n");

      from("export", file.toString()).fails(ExitCode.REFUSED, "last line", "move it away");

      assertThat(Files.readString(file)).isEqualTo(begun + line + "\n");
    }
  }

  @Test
  void the_stores_own_streams_stay_where_they_are() {
    new Tool(source).run("streams", "retention", "account-1", "--max-count", "100").succeeds();

    from("export", "--with-system", file.toString()).succeeds();
    Tool.Run run = into("import", file.toString()).succeeds();

    assertThat(run.line().get("system_events_left_out").getAsLong()).isEqualTo(1);
    assertThat(comparable(target)).hasSize(EVENTS);
  }

  @Test
  void when_it_was_recorded_can_become_when_it_occurred() {
    from("export", file.toString()).succeeds();
    into("import", "--recorded-as-occurred", file.toString()).succeeds();

    Instant recorded = events(source).get(1).recordedAt();
    assertThat(events(source).get(1).occurredAt()).isNull();
    assertThat(events(target).get(1).occurredAt()).isEqualTo(recorded);
  }

  @Test
  void lines_without_an_id_are_refused_since_they_could_not_be_repeated() {
    new Tool(target)
        .given("{\"stream\": \"a\", \"type\": \"A\"}\n")
        .run("import")
        .fails(ExitCode.REFUSED, "line 1", "id");
  }

  private Tool.Run from(String... arguments) {
    return new Tool(source).run(arguments);
  }

  private Tool.Run into(String... arguments) {
    return new Tool(target).run(arguments);
  }

  private static String firstLines(String text, int count) {
    int end = 0;
    for (int i = 0; i < count; i++) {
      end = text.indexOf('\n', end) + 1;
    }
    return text.substring(0, end);
  }

  /** What an import to the target would have written down after these lines, which are the last. */
  private ImportProgress progress(String imported) throws Exception {
    byte[] bytes = imported.getBytes(UTF_8);
    try (InputLines lines = new InputLines(new ByteArrayInputStream(bytes));
        VarveClient store = target.client()) {
      assertThat(lines.skip(bytes.length, 150, "")).isFalse();
      RecordedEvent newest = events(target).getLast();
      return new ImportProgress(
          store.serverInfo().storeId(),
          bytes.length,
          150,
          lines.place().sha256(),
          new ImportProgress.Imported(newest.id(), newest.position()));
    }
  }

  /** Payloads of all kinds in a few streams, whose events lie between one another. */
  private static void write(TestServer server) {
    Random random = new Random(6);
    List<CompletableFuture<AppendResult>> written = new ArrayList<>();
    try (VarveClient store = server.client()) {
      for (int i = 0; i < EVENTS; i++) {
        NewEvent.Builder event = NewEvent.builder(i % 2 == 0 ? "Even" : "Odd").tag("n:" + i);
        switch (i % 5) {
          case 0 -> event.json("{ \"owner\" : \"Ada\", \"n\": 1.0,\n\t\"i\": %d }".formatted(i));
          case 1 -> event.data(bytes(random)).contentType("application/octet-stream");
          case 2 -> event.data("grüß \u2028 \u0001 \"".getBytes(UTF_8)).metadata("käse", "\n");
          case 3 -> event.occurredAt(Instant.parse("1999-01-01T00:00:00.000000001Z"));
          default -> event.json("{broken").contentType("application/json; charset=utf-8");
        }
        written.add(
            store.appendAsync(
                "account-" + (i / 3) % 7, ExpectedVersion.any(), List.of(event.build())));
      }
      written.forEach(CompletableFuture::join);
    }
  }

  private static byte[] bytes(Random random) {
    byte[] bytes = new byte[random.nextInt(300)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static List<RecordedEvent> events(TestServer server) {
    try (VarveClient store = server.client();
        EventReader events = store.readLog(ReadLog.all())) {
      return events.toList();
    }
  }

  /** What an import is to keep, in the order of the log. */
  private static List<Object> comparable(TestServer server) {
    return events(server).stream()
        .filter(event -> !event.stream().startsWith("$"))
        .<Object>map(event -> List.of(event.stream(), event.version(), event.asWritten()))
        .toList();
  }
}
