package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.server.event.StreamId;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.IndexedEvent;
import io.varve.server.storage.VerifyWatch;
import io.varve.server.storage.archive.ArchivePlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** What tests do to data folders, and what they look for in them with RocksDB's own means. */
public final class Folders {
  private Folders() {}

  /**
   * A copy of a folder, as it is: of one that is open, what a killed process leaves. RocksDB's
   * threads may be at work in it, so the copy is taken again until nothing has moved meanwhile.
   */
  public static Path copy(Path from, Path to) throws IOException {
    Map<Path, Long> before = sizes(from);
    while (true) {
      try {
        copyOnce(from, to);
      } catch (NoSuchFileException moved) {
        // not the same as before, then
      }
      Map<Path, Long> after = sizes(from);
      if (before.equals(after)
          && !after.isEmpty()) { // empty: something moved while it was looked at
        return to;
      }
      before = after;
      if (Files.exists(to)) { // what moved may have been the first thing to copy
        delete(to);
      }
    }
  }

  private static Map<Path, Long> sizes(Path folder) throws IOException {
    Map<Path, Long> sizes = new HashMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.toList()) {
        sizes.put(path, Files.isRegularFile(path) ? Files.size(path) : 0);
      }
    } catch (NoSuchFileException | UncheckedIOException moved) {
      return Map.of();
    }
    return sizes;
  }

  private static void copyOnce(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else if (!from.relativize(path).startsWith("native")) {
          Files.copy(path, target);
        }
      }
    } catch (UncheckedIOException moved) {
      throw new NoSuchFileException(from.toString());
    }
  }

  /** Removes a folder and all that is in it. */
  public static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** The folder's files with this ending, oldest first. */
  public static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  /** Flips bits of one byte of a file. */
  public static void damage(Path file, long offset) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) offset] ^= 0x15;
    Files.write(file, bytes);
  }

  /**
   * Holds a folder's index against its log, entry by entry in both directions. Nobody else has the
   * folder open.
   *
   * @param head where the log is to end
   */
  public static void verify(Path folder, long head) {
    verify(folder, head, IndexBounds.STANDARD);
  }

  /** The same of an index with other bounds. */
  static void verify(Path folder, long head, IndexBounds bounds) {
    verify(folder, head, bounds, Set.of());
  }

  /**
   * The same of a folder from which events have been reclaimed.
   *
   * @param reclaimed their positions: where the log is to have no event, and only there
   */
  static void verify(Path folder, long head, IndexBounds bounds, Set<Long> reclaimed) {
    List<EncodedEvent> log = log(folder);
    assertThat(log.stream().map(EncodedEvent::position))
        .as("positions with an event")
        .isEqualTo(
            LongStream.rangeClosed(1, head).boxed().filter(p -> !reclaimed.contains(p)).toList());
    Map<String, byte[]> streams = new HashMap<>();
    Map<String, Long> numbers = new HashMap<>();
    Map<String, EventPlace> places = new HashMap<>();
    Map<String, Long> postings = new HashMap<>();
    long[] progress = {0, 0, 0, 1};
    long[] reclaimedCount = {0};
    visit(
        folder.resolve("index"),
        (family, key, value) -> {
          switch (family) {
            case "streams" -> streams.put(Keys.toLong(key, 0) + "/" + Keys.toLong(key, 8), value);
            case "stream_names" ->
                numbers.put(new String(key, StandardCharsets.UTF_8), Keys.toLong(value, 0));
            case "event_ids" ->
                places.put(
                    new UUID(Keys.toLong(key, 0), Keys.toLong(key, 8)).toString(),
                    Keys.toPlace(value));
            case "progress" -> {
              if (new String(key, StandardCharsets.UTF_8).equals("reclaimed")) {
                reclaimedCount[0] = Keys.toLong(value, 0);
                return;
              }
              progress[1] = Keys.toLong(value, 4);
              progress[2] = Keys.toLong(value, 12);
              progress[3] = Keys.toLong(value, 20);
            }
            case "by_type", "by_tag", "by_category" -> {
              String term = family + ' ' + new String(Postings.termOf(key), StandardCharsets.UTF_8);
              long segment = Postings.segmentOf(key);
              for (long position : Postings.positions(segment, value)) {
                assertThat(postings.put(term + ' ' + position, segment)).isNull();
              }
              assertThat(Postings.positions(segment, value)).hasSize(Postings.count(value));
            }
            case "stream_states" -> {} // nothing of it is in the events
            default -> throw new AssertionError("an index has no " + family);
          }
        });
    Map<StreamId, Long> versions = new HashMap<>();
    long openFrom = progress[3];
    TermSegments segments = new TermSegments(1, bounds);
    long segment = 1;
    for (EncodedEvent event : log) {
      EventSummary summary = event.summary();
      long position = summary.position();
      long version = summary.version();
      long before = versions.getOrDefault(summary.stream(), 0L);
      if (reclaimed.isEmpty()) {
        assertThat(version).isEqualTo(before + 1);
      } else {
        assertThat(version).isGreaterThan(before);
      }
      versions.put(summary.stream(), version);
      long number =
          requireNonNull(
              numbers.get(summary.stream().value()), () -> "no number of " + summary.stream());
      assertThat(streams.remove(number + "/" + version))
          .as("version %s of %s", version, summary.stream())
          .isEqualTo(Arrays.copyOfRange(event.bytes(), event.start(), event.end()));
      assertThat(places.remove(summary.id().toString()))
          .isEqualTo(new EventPlace(position, number, version));
      if (position < openFrom) {
        List<String> terms = new ArrayList<>(List.of("by_type " + summary.type()));
        terms.add("by_category " + summary.stream().category());
        summary.tags().forEach(tag -> terms.add("by_tag " + tag));
        for (String term : terms) {
          Long posted = postings.remove(term + ' ' + position);
          if (reclaimed.isEmpty()) {
            assertThat(posted).as(term).isEqualTo(segment);
          } else { // segments are cut elsewhere when events are gone
            assertThat(posted).as(term).isNotNull().isLessThanOrEqualTo(position);
          }
        }
      }
      segments.add(new IndexedEvent(position, summary.stream(), summary.type(), summary.tags()));
      segment = segments.openFrom();
    }
    assertThat(streams).as("events that the log does not have").isEmpty();
    assertThat(places).as("ids that the log does not have").isEmpty();
    assertThat(postings).as("positions at which the log has no such term").isEmpty();
    assertThat(reclaimedCount[0]).as("events counted as reclaimed").isEqualTo(reclaimed.size());
    if (reclaimed.isEmpty()) {
      assertThat(openFrom).as("where the open segment begins").isEqualTo(segments.openFrom());
      assertThat(numbers).hasSameSizeAs(versions);
    }
    assertThat(numbers.values()).doesNotHaveDuplicates();
    assertThat(progress[1]).isEqualTo(head);
    assertThat(progress[2]).isEqualTo(numbers.values().stream().mapToLong(n -> n).max().orElse(0));
  }

  /** What {@code varve verify} finds in a folder that nobody has open. */
  public static List<String> findings(Path folder) {
    return findings(folder, null);
  }

  /** The same with the folder of its archive. */
  public static List<String> findings(Path folder, @Nullable Path archive) {
    List<String> findings = new ArrayList<>();
    verify(folder, archive, watch(findings, new ArrayList<>()));
    return findings;
  }

  /** What {@code varve verify} finds worth knowing in a folder, though it is no damage. */
  public static List<String> notes(Path folder) {
    return notes(folder, null);
  }

  /** The same with the folder of its archive. */
  public static List<String> notes(Path folder, @Nullable Path archive) {
    List<String> notes = new ArrayList<>();
    verify(folder, archive, watch(new ArrayList<>(), notes));
    return notes;
  }

  private static void verify(Path folder, @Nullable Path archive, VerifyWatch watch) {
    new OfflineStore(folder, StorageSettings.defaults())
        .verify(archive == null ? null : ArchivePlace.folder(archive), watch);
  }

  private static VerifyWatch watch(List<String> findings, List<String> notes) {
    return new VerifyWatch() {
      @Override
      public void stage(String what) {}

      @Override
      public void examined(long events, long total) {}

      @Override
      public void read(long bytes) {}

      @Override
      public void finding(String sentence) {
        findings.add(sentence);
      }

      @Override
      public void note(String sentence) {
        notes.add(sentence);
      }
    };
  }

  /** Every event of the log, read without our own storage. */
  public static List<EncodedEvent> log(Path folder) {
    List<EncodedEvent> events = new ArrayList<>();
    visit(
        folder.resolve("log"),
        (family, key, value) -> {
          if (family.equals("log")) {
            events.addAll(Chunk.read(key, value).events());
          }
        });
    return events;
  }

  /** Visits each entry of a database. */
  interface EntryVisitor {
    void visit(String family, byte[] key, byte[] value);
  }

  static void visit(Path database, EntryVisitor visitor) {
    open(
        database,
        true,
        (rocks, families) -> {
          for (Map.Entry<String, ColumnFamilyHandle> family : families.entrySet()) {
            try (RocksIterator iterator = rocks.newIterator(family.getValue())) {
              for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                visitor.visit(family.getKey(), iterator.key(), iterator.value());
              }
            }
          }
        });
  }

  /** Opens a database with all its column families, as RocksDB itself does. */
  static void open(
      Path database, boolean readOnly, BiConsumer<RocksDB, Map<String, ColumnFamilyHandle>> use) {
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    try (Options options = new Options();
        DBOptions dbOptions = new DBOptions();
        ColumnFamilyOptions familyOptions = new ColumnFamilyOptions()) {
      List<byte[]> names = RocksDB.listColumnFamilies(options, database.toString());
      List<ColumnFamilyDescriptor> families =
          names.stream().map(name -> new ColumnFamilyDescriptor(name, familyOptions)).toList();
      try (RocksDB rocks =
          readOnly
              ? RocksDB.openReadOnly(dbOptions, database.toString(), families, handles)
              : RocksDB.open(dbOptions, database.toString(), families, handles)) {
        Map<String, ColumnFamilyHandle> byName = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
          byName.put(new String(names.get(i), StandardCharsets.UTF_8), handles.get(i));
        }
        use.accept(rocks, byName);
        handles.forEach(ColumnFamilyHandle::close);
      }
    } catch (RocksDBException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
