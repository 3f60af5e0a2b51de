package io.varve.server.backup;

import io.varve.server.backup.BackupException.Kind;
import io.varve.server.backup.BackupManifest.Entry;
import io.varve.server.backup.BackupWatch.Stage;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.EventMark;
import io.varve.server.storage.LogExtent;
import io.varve.server.storage.OutsideFile;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.VerifyWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes a backup of a store that is in use, or brings one up to date. */
public final class BackupWriter {
  /*
   *   freeze    each database as of one moment, in links, the log last: none of the others is ahead of it
   *   examine   the frozen copies are read through: what is damaged does not become a backup
   *   copy      what the folder does not have yet, under new names
   *   verify    everything that will belong to the backup is read again; an old file that has gone bad is copied anew
   *   publish   the manifest takes the place of the one before in one rename
   *   tidy up   what belongs to no backup any more is deleted
   *
   * Whatever fails before publish leaves the backup that was there, and takes away what had been copied. The frozen
   * copies belong to the data folder, take no space while the store has the same files, and are deleted at the end, or
   * by the next start.
   */
  private static final String IMMUTABLE = ".sst";

  private final List<BackupSource> sources;
  private final Path frozen;
  private final InstantSource clock;

  /**
   * @param sources the parts of the store, in the order in which they are frozen; the log last
   * @param frozen a folder of the data folder's own for what is copied; not there, or left over
   * @param clock tells when the backup was made
   */
  public BackupWriter(List<BackupSource> sources, Path frozen, InstantSource clock) {
    this.sources = List.copyOf(sources);
    this.frozen = frozen;
    this.clock = clock;
  }

  /**
   * What has come of it.
   *
   * @param manifest what the backup is made of
   * @param bytesCopied how many bytes had to be copied
   */
  public record Made(BackupManifest manifest, long bytesCopied) {}

  /**
   * Makes a backup.
   *
   * @throws BackupException it could not be made; a backup that was there before is as it was
   */
  public Made write(BackupFolder folder, BackupWatch watch) throws BackupException {
    try (BackupFolder.Writing writing = folder.write()) {
      BackupManifest before = folder.manifest();
      writing.removeAllBut(before);
      try {
        return write(folder, writing, before, watch);
      } catch (IOException | BackupException | RuntimeException e) {
        tidyUpAfter(e, writing, before);
        throw e;
      } finally {
        delete(frozen);
      }
    } catch (IOException e) {
      throw new BackupException(
          Kind.FOLDER_UNUSABLE,
          "the backup into " + folder.path() + " could not be made: " + reasonOf(e),
          e);
    } catch (StorageException e) {
      throw new BackupException(
          Kind.DAMAGED, "the store cannot be backed up: " + e.getMessage(), e);
    }
  }

  /** Gives back the space that was taken in vain, on a full disk above all. */
  private static void tidyUpAfter(
      Exception failure, BackupFolder.Writing writing, @Nullable BackupManifest before) {
    if (writing.hasBegunToPublish()) {
      return; // it may be the backup by now; the next one finds out
    }
    try {
      writing.removeAllBut(before);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private Made write(
      BackupFolder folder,
      BackupFolder.Writing writing,
      @Nullable BackupManifest before,
      BackupWatch watch)
      throws IOException, BackupException {
    delete(frozen);
    Files.createDirectories(frozen);
    for (BackupSource source : sources) {
      source.freeze(Files.createDirectory(frozen.resolve(source.name())));
    }
    LogExtent log = examine(watch);
    Map<String, OutsideFile> outside = new TreeMap<>();
    for (BackupSource source : sources) {
      for (OutsideFile file : source.outside(frozen.resolve(source.name()))) {
        outside.put(file.path(), file);
      }
    }
    if (before != null) {
      checkThatItIsTheSameStore(folder, before, log);
      checkThatItIsTheSameHistory(folder, before);
    }
    Copying copying = new Copying(folder, writing, before, outside, watch);
    List<Entry> files = copying.run();
    EventMark newest = log.newest();
    BackupManifest manifest =
        new BackupManifest(
            log.storeId(),
            log.dataFormat(),
            log.position(),
            log.events(),
            newest == null ? null : newest.recordedAt(),
            newest == null ? null : new BackupManifest.Newest(newest.position(), newest.id()),
            clock.instant(),
            files);
    writing.publish(manifest);
    writing.removeAllBut(manifest);
    return new Made(manifest, copying.copied);
  }

  private LogExtent examine(BackupWatch watch) throws BackupException {
    List<String> damage = new ArrayList<>();
    VerifyWatch examining =
        new VerifyWatch() {
          @Override
          public void stage(String what) {
            // one stage as far as a backup is concerned
          }

          @Override
          public void examined(long events, long total) {
            watch.progress(Stage.EXAMINING, events, total);
          }

          @Override
          public void read(long bytes) {
            // as fast as the disk
          }

          @Override
          public void finding(String sentence) {
            damage.add(sentence);
          }

          @Override
          public void note(String sentence) {
            // nothing that a backup could do about it
          }
        };
    LogExtent log = null;
    for (BackupSource source : sources) {
      LogExtent extent = source.examine(frozen.resolve(source.name()), examining);
      log = extent == null ? log : extent;
    }
    if (!damage.isEmpty()) {
      throw new BackupException(
          Kind.DAMAGED, "the store is damaged, and was not backed up: " + damage.getFirst());
    }
    if (log == null) {
      throw new IllegalStateException("none of the sources is the log");
    }
    return log;
  }

  private static void checkThatItIsTheSameStore(
      BackupFolder folder, BackupManifest before, LogExtent log) throws BackupException {
    if (!before.storeId().equals(log.storeId())) {
      throw new BackupException(
          Kind.REFUSED,
          "the folder " + folder.path() + " holds the backup of another store; name another one");
    }
    if (before.position() > log.position()) {
      throw new BackupException(
          Kind.REFUSED,
          "the backup in "
              + folder.path()
              + " goes up to position "
              + before.position()
              + ", and the store only to "
              + log.position()
              + ": it would lose events; name another folder");
    }
  }

  /**
   * A store that was restored to an earlier position gives positions again. What the backup has
   * there is in no store any more, and is not replaced.
   */
  private void checkThatItIsTheSameHistory(BackupFolder folder, BackupManifest before)
      throws BackupException {
    Instant recordedAt = before.recordedAt();
    EventMark found = newestUpTo(before.position());
    if (recordedAt == null || found == null || isOfTheSameHistory(before, recordedAt, found)) {
      return;
    }
    throw new BackupException(
        Kind.REFUSED,
        "the backup in "
            + folder.path()
            + " is of another history of this store: its newest event, up to position "
            + before.position()
            + ", was recorded at "
            + recordedAt
            + ", and the store has event "
            + found.id()
            + " of "
            + found.recordedAt()
            + " at position "
            + found.position()
            + ". The store has been restored to an earlier position since; name another folder, and"
            + " keep this one for as long as its events may be wanted");
  }

  /**
   * Within one history events are reclaimed and never come, and their times never fall. So the
   * newest event up to there is the one that it was, or, once that has been reclaimed, an older
   * one.
   */
  private static boolean isOfTheSameHistory(
      BackupManifest before, Instant recordedAt, EventMark found) {
    BackupManifest.Newest newest = before.newest();
    long position = newest == null ? before.position() : newest.position();
    if (found.position() < position) {
      return !found.recordedAt().isAfter(recordedAt);
    }
    return found.position() == position
        && found.recordedAt().equals(recordedAt)
        && (newest == null || found.id().equals(newest.id()));
  }

  private @Nullable EventMark newestUpTo(long position) {
    for (BackupSource source : sources) {
      EventMark found = source.newestUpTo(frozen.resolve(source.name()), position);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** The files of one backup. */
  private final class Copying {
    private final BackupFolder folder;
    private final BackupFolder.Writing writing;
    private final Map<String, Entry> known = new HashMap<>();
    private final Map<String, OutsideFile> outside;
    private final BackupWatch watch;
    private long copied;

    Copying(
        BackupFolder folder,
        BackupFolder.Writing writing,
        @Nullable BackupManifest before,
        Map<String, OutsideFile> outside,
        BackupWatch watch) {
      this.folder = folder;
      this.writing = writing;
      this.outside = outside;
      this.watch = watch;
      if (before != null) {
        before.files().forEach(entry -> known.put(entry.path(), entry));
      }
    }

    List<Entry> run() throws IOException, BackupException {
      List<String> paths = new ArrayList<>(paths());
      paths.addAll(outside.keySet());
      List<Entry> files = new ArrayList<>();
      List<String> missing = new ArrayList<>();
      for (String path : paths) {
        Entry same = sameAsBefore(path);
        if (same == null) {
          missing.add(path);
        } else {
          files.add(same);
        }
      }
      copy(missing, files);
      return verify(files);
    }

    private List<String> paths() throws IOException {
      try (Stream<Path> walk = Files.walk(frozen)) {
        return walk.filter(Files::isRegularFile)
            .map(file -> frozen.relativize(file).toString().replace('\\', '/'))
            .sorted()
            .toList();
      }
    }

    private @Nullable Entry sameAsBefore(String path) throws IOException {
      Entry entry = known.get(path);
      OutsideFile other = outside.get(path);
      if (other != null) {
        return entry != null
                && entry.bytes() == other.bytes()
                && entry.sha256().equals(other.sha256())
            ? entry
            : null;
      }
      Path file = frozen.resolve(path);
      return entry != null
              && path.endsWith(IMMUTABLE)
              && entry.bytes() == Files.size(file)
              && entry.fingerprint().equals(Fingerprint.of(file))
          ? entry
          : null;
    }

    private void copy(List<String> paths, List<Entry> into) throws IOException, BackupException {
      long total = 0;
      for (String path : paths) {
        OutsideFile other = outside.get(path);
        total += other == null ? Files.size(frozen.resolve(path)) : other.bytes();
      }
      Counter counter = new Counter(Stage.COPYING, total);
      for (String path : paths) {
        into.add(add(path, counter));
      }
      copied += counter.done;
    }

    private Entry add(String path, LongConsumer counter) throws IOException, BackupException {
      OutsideFile other = outside.get(path);
      if (other == null) {
        return writing.add(path, frozen.resolve(path), counter);
      }
      Entry entry;
      try {
        entry = writing.add(other, counter);
      } catch (NoSuchFileException e) {
        throw new BackupException(
            Kind.DAMAGED, "the store cannot be backed up: " + path + " is missing", e);
      }
      if (entry.bytes() != other.bytes() || !entry.sha256().equals(other.sha256())) {
        throw new BackupException(
            Kind.DAMAGED,
            "the store is damaged, and was not backed up: " + path + " is not what was written");
      }
      return entry;
    }

    /** Reads all of it again. What was there before and has gone bad is copied once more. */
    private List<Entry> verify(List<Entry> files) throws IOException, BackupException {
      Counter counter = new Counter(Stage.VERIFYING, files.stream().mapToLong(Entry::bytes).sum());
      List<Entry> verified = new ArrayList<>();
      for (Entry entry : files) {
        String fault = folder.fault(entry, counter);
        if (fault == null) {
          verified.add(entry);
          continue;
        }
        Entry again = add(entry.path(), _ -> {});
        copied += again.bytes();
        String stillAtFault = folder.fault(again, _ -> {});
        if (stillAtFault != null) {
          throw new BackupException(
              Kind.FOLDER_UNUSABLE,
              stillAtFault
                  + " just after it was written: the disk of the backup cannot be trusted");
        }
        verified.add(again);
      }
      verified.sort(Comparator.comparing(Entry::path));
      return verified;
    }

    /** Counts bytes of a stage. */
    private final class Counter implements LongConsumer {
      private final Stage stage;
      private final long total;
      private long done;

      Counter(Stage stage, long total) {
        this.stage = stage;
        this.total = total;
        watch.progress(stage, 0, total);
      }

      @Override
      public void accept(long bytes) {
        done += bytes;
        watch.progress(stage, done, total);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }

  private static String reasonOf(IOException e) {
    String message = e.getMessage();
    return e.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }
}
