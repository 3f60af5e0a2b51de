package io.varve.server.backup;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.server.backup.BackupManifest.Entry;
import io.varve.server.backup.BackupManifest.Newest;
import io.varve.server.fixture.DecoderFuzz;
import io.varve.server.fixture.RandomEvents;
import io.varve.server.fixture.StoredForm;
import io.varve.server.fixture.StoredForm.Written;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.io.TempDir;

/** The list that makes a folder a backup. */
class ManifestFuzzTest extends DecoderFuzz {
  private static final byte[] NO_KEY = {};

  @TempDir private static Path folder;

  @Override
  protected List<StoredForm> forms() {
    return List.of(
        new StoredForm(
            "the list of a backup",
            ManifestFuzzTest::manifest,
            (_, bytes) -> read(bytes),
            true,
            (_, bytes) -> repaired(bytes),
            BackupException.class));
  }

  private static Written manifest(Random random) {
    RandomEvents events = new RandomEvents(random);
    List<Entry> files = new ArrayList<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      files.add(
          new Entry("log/00" + i + ".sst", i, Sha256.of(events.bytes(9)), "f" + random.nextInt(9)));
    }
    boolean empty = random.nextInt(5) == 0;
    BackupManifest manifest =
        new BackupManifest(
            new UUID(1, 2),
            2,
            empty ? 0 : 1_200,
            empty ? 0 : 1_180,
            empty ? null : events.anyInstant(),
            empty ? null : new Newest(1_197, events.id()),
            events.anyInstant(),
            files);
    return new Written(NO_KEY, manifest.toText().getBytes(UTF_8), manifest);
  }

  private static Object read(byte[] bytes) throws Exception {
    Files.write(folder.resolve("backup"), bytes);
    BackupManifest manifest = new BackupFolder(folder).manifest();
    if (manifest == null) {
      throw new AssertionError("there is a list");
    }
    for (Entry entry : manifest.files()) {
      if (!folder.resolve(entry.storedName()).normalize().startsWith(folder)) {
        throw new AssertionError("a file outside of the backup: " + entry.storedName());
      }
    }
    return manifest;
  }

  /** With its last line as it should be. */
  private static byte[] repaired(byte[] bytes) {
    String text = new String(bytes, UTF_8);
    int end = text.lastIndexOf("\nend ") + 1;
    String lines = end < 1 ? text + "\n" : text.substring(0, end);
    return (lines + "end " + Sha256.of(lines.getBytes(UTF_8)) + "\n").getBytes(UTF_8);
  }
}
