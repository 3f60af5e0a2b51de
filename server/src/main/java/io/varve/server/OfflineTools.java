package io.varve.server;

import io.varve.server.StartFailure.Kind;
import io.varve.server.backup.BackupException;
import io.varve.server.backup.BackupFolder;
import io.varve.server.backup.BackupManifest;
import io.varve.server.backup.BackupWatch;
import io.varve.server.backup.BackupWriter;
import io.varve.server.group.GroupStore;
import io.varve.server.snapshot.SnapshotStore;
import io.varve.server.storage.BackupSource;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.StorageException;
import io.varve.server.storage.VerifyWatch;
import io.varve.server.storage.archive.ArchiveFiles;
import io.varve.server.storage.archive.ArchivePlace;
import io.varve.server.storage.archive.StoredFiles;
import io.varve.server.storage.rocksdb.FolderPart;
import io.varve.server.storage.rocksdb.OfflineStore;
import io.varve.server.storage.rocksdb.OfflineStore.RestoreBound;
import io.varve.server.storage.rocksdb.RebuildWatch;
import io.varve.server.storage.rocksdb.RocksDbEventStorage;
import io.varve.server.storage.rocksdb.RocksDbGroupStore;
import io.varve.server.storage.rocksdb.RocksDbSnapshotStore;
import io.varve.server.storage.rocksdb.StorageSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the command line does to data folders that no server has open. Each call takes the folder's
 * lock for as long as it runs.
 */
public final class OfflineTools {
  /** What may lie in a folder that counts as empty: leavings of a file system and of a lock. */
  private static final Set<String> NOTHING =
      Set.of(FolderPart.LOCK.fileName(), FolderPart.NATIVE.fileName(), "lost+found");

  private OfflineTools() {}

  /**
   * Re-reads everything in a data folder and compares it.
   *
   * @param archive the folder of the archive; null: its files are left out
   */
  public static void verify(Path dataFolder, @Nullable Path archive, VerifyWatch watch)
      throws StartFailure {
    try (DataFolder folder = DataFolder.openExisting(dataFolder)) {
      new OfflineStore(folder.path(), StorageSettings.defaults()).verify(place(archive), watch);
    }
  }

  private static @Nullable ArchivePlace place(@Nullable Path archive) {
    return archive == null ? null : ArchivePlace.folder(archive);
  }

  /** Makes the index of a data folder anew from its log. */
  public static void rebuildIndexes(Path dataFolder, RebuildWatch watch) throws StartFailure {
    try (DataFolder folder = DataFolder.openExisting(dataFolder)) {
      refuseIfHalfRestored(folder.path());
      new OfflineStore(folder.path(), StorageSettings.defaults()).rebuildIndexes(watch);
    } catch (StorageException e) {
      throw new StartFailure(Kind.STORAGE_UNUSABLE, String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Makes a backup of a data folder, or brings one up to date.
   *
   * @param archive the folder of the archive; needed if the store has one
   */
  public static BackupWriter.Made backup(
      Path dataFolder, @Nullable Path archive, Path target, BackupWatch watch)
      throws StartFailure, BackupException {
    InstantSource clock = InstantSource.system();
    try (DataFolder folder = DataFolder.openExisting(dataFolder)) {
      refuseIfHalfRestored(folder.path());
      refuseInside(folder.path(), target);
      if (!Files.exists(FolderPart.LOG.in(folder.path()))) {
        throw new StartFailure(Kind.FOLDER_UNUSABLE, "there is no store in " + folder.path());
      }
      try (EventStorage storage =
              RocksDbEventStorage.open(
                  folder.path(),
                  StorageSettings.defaults(),
                  new EventIds(clock, new SecureRandom()).get(),
                  place(archive));
          SnapshotStore snapshots =
              RocksDbSnapshotStore.open(
                  folder.path(), storage.storeId(), storage.head().position(), 0);
          GroupStore groups = RocksDbGroupStore.open(folder.path(), storage.storeId())) {
        return new BackupWriter(
                backupSources(storage, snapshots, groups),
                FolderPart.FROZEN.in(folder.path()),
                clock)
            .write(new BackupFolder(target.toAbsolutePath().normalize()), watch);
      }
    } catch (StorageException e) {
      throw new StartFailure(Kind.STORAGE_UNUSABLE, String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * What a backup copies, in the order in which it is frozen: what is derived from the log's
   * events, or speaks of them, before the log.
   */
  static List<BackupSource> backupSources(
      EventStorage storage, SnapshotStore snapshots, GroupStore groups) {
    List<BackupSource> sources = new ArrayList<>(snapshots.backupSources());
    sources.add(groups.backupSource());
    sources.add(storage.backupSource());
    return sources;
  }

  private static void refuseInside(Path dataFolder, Path target) throws BackupException {
    if (target.toAbsolutePath().normalize().startsWith(dataFolder)) {
      throw new BackupException(
          BackupException.Kind.REFUSED, "a backup must not lie in the data folder " + dataFolder);
    }
  }

  /**
   * What has been restored.
   *
   * @param manifest what the backup was made of
   * @param position the restored log's last position
   */
  public record Restored(BackupManifest manifest, long position) {}

  /**
   * Makes a data folder of a backup.
   *
   * @param dataFolder is empty or not there, or holds what an earlier restore has not finished
   * @param archive the folder of the archive, where files of the backup's archive are put; null:
   *     their events are put back into the database
   * @throws BackupException the backup is none, or is damaged; or the folder is not empty
   */
  public static Restored restore(
      Path backup,
      Path dataFolder,
      RestoreBound bound,
      @Nullable Path archive,
      BackupWatch copying,
      RebuildWatch rebuilding)
      throws StartFailure, BackupException {
    BackupFolder from = new BackupFolder(backup.toAbsolutePath().normalize());
    BackupManifest manifest = from.manifest();
    if (manifest == null) {
      throw new BackupException(
          BackupException.Kind.REFUSED, "there is no backup in " + from.path());
    }
    if (bound.position() != null && bound.position() > manifest.position()) {
      throw new BackupException(
          BackupException.Kind.REFUSED,
          "the backup ends at position "
              + manifest.position()
              + ", before position "
              + bound.position());
    }
    Path path = dataFolder.toAbsolutePath().normalize();
    try {
      refuseIfInUse(path);
      if (archive != null) {
        refuseUnlessItCanHoldAnArchive(archive, manifest.storeId());
      }
      try (DataFolder folder = DataFolder.open(path)) {
        long position = restore(from, manifest, folder, bound, place(archive), copying, rebuilding);
        return new Restored(manifest, position);
      }
    } catch (IOException e) {
      throw new BackupException(
          BackupException.Kind.FOLDER_UNUSABLE, "cannot restore into " + path + ": " + e, e);
    } catch (StorageException e) {
      throw new BackupException(
          BackupException.Kind.DAMAGED, "the backup cannot be restored: " + e.getMessage(), e);
    }
  }

  private static long restore(
      BackupFolder from,
      BackupManifest manifest,
      DataFolder target,
      RestoreBound bound,
      @Nullable ArchivePlace archive,
      BackupWatch copying,
      RebuildWatch rebuilding)
      throws IOException, BackupException, StartFailure {
    Path folder = target.path();
    Path marker = FolderPart.RESTORING.in(folder);
    if (Files.exists(marker)) {
      clear(folder, marker);
    } else {
      Files.createFile(marker);
    }
    target.sync();
    from.copyTo(folder, manifest, OfflineStore.ARCHIVE_IN_BACKUP, copying);
    ArchiveFiles archived =
        new StoredFiles(
            "the backup in " + from.path(), from.filesIn(OfflineStore.ARCHIVE_IN_BACKUP, manifest));
    OfflineStore.Finished finished =
        new OfflineStore(folder, StorageSettings.defaults())
            .finishRestore(bound, archived, archive != null, rebuilding);
    if (archive != null) {
      new RestoredArchive(archived, archive.ofStore().apply(finished.storeId()))
          .copy(finished.archived(), copying);
    }
    target.syncAll();
    Files.delete(marker);
    target.sync();
    return finished.position();
  }

  /** Of what an earlier restore has left. */
  private static void clear(Path folder, Path marker) throws IOException {
    List<Path> parts;
    try (Stream<Path> list = Files.list(folder)) {
      parts = list.filter(path -> !path.equals(marker) && !isNothing(path)).toList();
    }
    for (Path part : parts) {
      List<Path> paths;
      try (Stream<Path> walk = Files.walk(part)) {
        paths = walk.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path path : paths) {
        Files.delete(path);
      }
    }
  }

  private static boolean isNothing(Path path) {
    return NOTHING.contains(path.getFileName().toString());
  }

  private static void refuseIfInUse(Path folder) throws IOException, BackupException {
    if (!Files.isDirectory(folder) || Files.exists(FolderPart.RESTORING.in(folder))) {
      return;
    }
    try (Stream<Path> list = Files.list(folder)) {
      if (!list.allMatch(OfflineTools::isNothing)) {
        throw new BackupException(
            BackupException.Kind.REFUSED,
            "the folder " + folder + " is not empty; restore into an empty one");
      }
    }
  }

  /** Before anything is copied: the archive's files come last, after hours perhaps. */
  private static void refuseUnlessItCanHoldAnArchive(Path archive, UUID storeId)
      throws BackupException {
    Path ofStore = archive.resolve(storeId.toString());
    Path folder = Files.exists(ofStore) ? ofStore : archive;
    if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new BackupException(
          BackupException.Kind.FOLDER_UNUSABLE,
          "the archive folder "
              + folder
              + (Files.isDirectory(folder) ? " cannot be written to" : " is not there")
              + "; nothing has been restored");
    }
  }

  /** A folder into which a restore has not come to its end holds half a store. */
  static void refuseIfHalfRestored(Path folder) throws StartFailure {
    if (Files.exists(FolderPart.RESTORING.in(folder))) {
      throw new StartFailure(
          Kind.STORAGE_UNUSABLE,
          "a restore into " + folder + " has not come to its end; do it again with varve restore");
    }
  }

  /** Reads every file of a backup and compares it with its checksum. */
  public static BackupManifest verifyBackup(
      Path backup, BackupWatch watch, Consumer<String> finding) throws BackupException {
    BackupFolder folder = new BackupFolder(backup);
    BackupManifest manifest = folder.manifest();
    if (manifest == null) {
      throw new BackupException(BackupException.Kind.REFUSED, "there is no backup in " + backup);
    }
    folder.verify(manifest, watch, finding);
    return manifest;
  }
}
