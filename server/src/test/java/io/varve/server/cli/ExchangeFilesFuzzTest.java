package io.varve.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.client.streams.NewEvent;
import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Written;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.io.TempDir;

/** What the tools write and read again: exports, and how far an import has come. */
class ExchangeFilesFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};
  private static final String NOTHING = "nothing that can be gone on with";

  @TempDir private static Path folder;

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        of("an event of an export", ExchangeFilesFuzzTest::line, ExchangeFilesFuzzTest::events),
        of("an export", ExchangeFilesFuzzTest::export, ExchangeFilesFuzzTest::examine),
        of(
            "how far an import has come",
            ExchangeFilesFuzzTest::progress,
            bytes -> {
              ImportProgress read = ImportProgress.read(Files.write(folder.resolve("p"), bytes));
              return read == null ? NOTHING : read; // the import begins at its first line
            }));
  }

  private interface Text {
    String next(Random random) throws Exception;
  }

  private interface Meaning {
    Object of(byte[] bytes) throws Exception;
  }

  private static StoredForm of(String name, Text text, Meaning meaning) {
    return new StoredForm(
        name,
        random -> {
          byte[] bytes = text.next(random).getBytes(UTF_8);
          return new Written(NO_KEY, bytes, meaning.of(bytes));
        },
        (_, bytes) -> meaning.of(bytes),
        false,
        null,
        IllegalArgumentException.class);
  }

  private static String line(Random random) {
    RandomEvents events = new RandomEvents(random);
    String payload =
        switch (random.nextInt(4)) {
          case 0 -> "\"json\":{\"a\":[1,2.50,\"\\u00fc\",null,true]}";
          case 1 -> "\"text\":\"as it is\"";
          case 2 -> "\"data\":\"" + Base64.getEncoder().encodeToString(events.bytes(20)) + "\"";
          default -> "\"content_type\":\"text/plain\"";
        };
    return "{\"position\":7,\"stream\":\"account-1\",\"version\":"
        + (1 + random.nextInt(9))
        + ",\"type\":\"Deposited\","
        + payload
        + ",\"tags\":[\"a:1\",\"b\"],\"metadata\":{\"user\":\"zoë\"}"
        + ",\"occurred_at\":\"2026-11-27T12:00:00Z\",\"id\":\""
        + events.id()
        + "\",\"recorded_at\":\"2026-11-27T12:00:00.123456789Z\"}\n";
  }

  private static Object events(byte[] bytes) throws Exception {
    StringBuilder text = new StringBuilder();
    try (InputLines lines = new InputLines(new ByteArrayInputStream(bytes))) {
      for (String line = lines.next(); line != null; line = lines.next()) {
        EventLine event = EventLine.parse(line);
        NewEvent written = event.event();
        text.append(event.stream())
            .append(event.version())
            .append(event.recordedAt())
            .append(written.id())
            .append(written.type())
            .append(HexFormat.of().formatHex(written.data()))
            .append(written.tags())
            .append(written.metadata());
      }
    }
    return text.toString();
  }

  private static String export(Random random) {
    StringBuilder text = new StringBuilder();
    text.append(ExportFile.header(new ExportFile.Origin(new UUID(1, 2), "tag a"))).append('\n');
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      text.append(line(random));
    }
    return random.nextBoolean() ? text + ExportFile.footer(count) + "\n" : text.toString();
  }

  private static Object examine(byte[] bytes) throws Exception {
    ExportFile export = ExportFile.examine(Files.write(folder.resolve("e"), bytes));
    return export == null ? NOTHING : export;
  }

  private static String progress(Random random) throws Exception {
    Path file = folder.resolve("written");
    new ImportProgress(
            new UUID(1, 2),
            random.nextInt(99),
            random.nextInt(9),
            "00".repeat(32),
            new ImportProgress.Imported(new UUID(3, 4), 7))
        .write(file);
    return Files.readString(file);
  }
}
