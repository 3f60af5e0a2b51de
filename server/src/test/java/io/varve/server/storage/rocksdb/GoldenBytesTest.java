package io.varve.server.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.Commit;
import io.varve.server.storage.EventCodec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bytes on disk, held against those of the release that introduced their format. When this test
 * fails, data that is already out there can no longer be read: raise the format's number and write
 * a migration, or take the change back. Do not correct the file.
 */
class GoldenBytesTest {
  private static final UUID STORE = UUID.fromString("00000000-0000-7000-8000-000000000001");

  @TempDir private Path folder;

  @Test
  void every_entry_of_both_databases_is_byte_for_byte_what_it_has_always_been() throws IOException {
    try (RocksDbEventStorage storage =
        RocksDbEventStorage.open(folder, StorageSettings.defaults(), STORE)) {
      Commit first = storage.begin();
      first.add(deposited());
      first.add(opened());
      first.write();
      Commit second = storage.begin();
      second.add(withdrawn());
      second.write();
    }

    Map<String, String> entries = new TreeMap<>();
    for (String database : List.of("log", "index")) {
      Folders.visit(
          folder.resolve(database),
          (family, key, value) ->
              entries.put(
                  database + "/" + family + " " + HexFormat.of().formatHex(key),
                  HexFormat.of().formatHex(value)));
    }
    entries.put("head", HexFormat.of().formatHex(Files.readAllBytes(folder.resolve("head"))));
    StringBuilder actual = new StringBuilder();
    entries.forEach((key, value) -> actual.append(key).append(" = ").append(value).append('\n'));

    assertThat(actual.toString()).isEqualTo(golden());
  }

  private static String golden() throws IOException {
    try (InputStream in = GoldenBytesTest.class.getResourceAsStream("golden-bytes-format-1.txt")) {
      return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static AssignedEvent deposited() {
    StreamId stream = new StreamId("account-42");
    NewEvent event =
        new NewEvent(
            UUID.fromString("0198c0de-0000-7000-8000-0000000000a1"),
            false,
            "MoneyDeposited",
            "{\"amount\":\"10.00\"}".getBytes(StandardCharsets.UTF_8),
            "application/json",
            Map.of("user", "zoë"),
            List.of("owner:7", "branch:1"),
            Instant.ofEpochSecond(1_690_000_000));
    return assigned(stream, 1, 1, 1, event);
  }

  private static AssignedEvent opened() {
    StreamId stream = new StreamId("konto-ß");
    NewEvent event =
        new NewEvent(
            UUID.fromString("0198c0de-0000-7000-8000-0000000000a2"),
            false,
            "Opened",
            new byte[0],
            "",
            Map.of(),
            List.of(),
            null);
    return assigned(stream, 2, 1, 2, event);
  }

  private static AssignedEvent withdrawn() {
    StreamId stream = new StreamId("account-42");
    NewEvent event =
        new NewEvent(
            UUID.fromString("0198c0de-0000-7000-8000-0000000000a3"),
            false,
            "MoneyWithdrawn",
            new byte[] {0, 1, -1},
            "",
            Map.of(),
            List.of(),
            null);
    return assigned(stream, 1, 2, 3, event);
  }

  private static AssignedEvent assigned(
      StreamId stream, long number, long version, long position, NewEvent event) {
    return new AssignedEvent(
        stream,
        number,
        version,
        position,
        Instant.ofEpochSecond(1_700_000_000, 123_456_789),
        event.id(),
        event.type(),
        event.tags(),
        EventCodec.encodeBody(stream, event));
  }
}
