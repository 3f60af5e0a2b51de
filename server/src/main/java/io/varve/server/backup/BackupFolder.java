package io.varve.server.backup;

import io.varve.server.backup.BackupException.Kind;
import io.varve.server.backup.BackupManifest.Entry;
import io.varve.server.storage.OutsideFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder that holds a backup, or is to hold one.
 *
 * <pre>
 *   FOLDER/
 *     backup           what it is made of: {@link BackupManifest}; written last
 *     files/           its files, each under a name that is made from its contents
 *     files/unfinished a file that is being copied
 *     lock             held while the folder is written
 * </pre>
 *
 * <p>A file that the manifest names is never written to, so that the backup that is there stays
 * what it is until the next one takes its place in one step: a rename of the manifest.
 */
public final class BackupFolder {
  private static final String MANIFEST = "backup";
  private static final String UNFINISHED = "unfinished";
  private static final int BUFFER_BYTES = 256 * 1024;

  private final Path folder;
  private final Path files;

  public BackupFolder(Path folder) {
    this.folder = folder;
    this.files = folder.resolve("files");
  }

  /** Whether a folder holds a backup. */
  public static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(MANIFEST));
  }

  /** Where it is. */
  public Path path() {
    return folder;
  }

  // ---- reading

  /**
   * What the backup is made of; null when there is none.
   *
   * @throws BackupException there is one, and its list cannot be read
   */
  public @Nullable BackupManifest manifest() throws BackupException {
    Path file = folder.resolve(MANIFEST);
    try {
      return BackupManifest.parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new BackupException(Kind.FOLDER_UNUSABLE, file + " cannot be read: " + e, e);
    } catch (IllegalArgumentException e) {
      throw new BackupException(Kind.DAMAGED, file + " " + e.getMessage(), e);
    }
  }

  /** What is wrong with a file of the backup; null when it is as it was written. */
  @Nullable String fault(Entry entry, LongConsumer read) {
    Path file = stored(entry);
    try {
      if (!Files.exists(file)) {
        return "the backup's file for " + entry.path() + " is missing";
      }
      if (Files.size(file) != entry.bytes()) {
        return "the backup's file for "
            + entry.path()
            + " has "
            + Files.size(file)
            + " bytes instead of "
            + entry.bytes();
      }
      MessageDigest digest = Sha256.digest();
      try (InputStream in = Files.newInputStream(file)) {
        transfer(in, OutputStream.nullOutputStream(), digest, read);
      }
      return Sha256.hex(digest.digest()).equals(entry.sha256())
          ? null
          : "the backup's file for " + entry.path() + " does not match its checksum";
    } catch (IOException e) {
      return "the backup's file for " + entry.path() + " cannot be read: " + e;
    }
  }

  /**
   * Reads every file of the backup and compares it with its checksum.
   *
   * @param finding hears of damage, a sentence each
   */
  public void verify(BackupManifest manifest, BackupWatch watch, Consumer<String> finding) {
    long total = manifest.bytes();
    long[] done = {0};
    watch.progress(BackupWatch.Stage.VERIFYING, 0, total);
    for (Entry entry : manifest.files()) {
      String fault =
          fault(
              entry, bytes -> watch.progress(BackupWatch.Stage.VERIFYING, done[0] += bytes, total));
      if (fault != null) {
        finding.accept(fault);
      }
    }
  }

  /**
   * Where the backup has the files of a folder.
   *
   * @param name of a folder of the manifest's paths
   * @return by their names in that folder
   */
  public Map<String, Path> filesIn(String name, BackupManifest manifest) {
    Map<String, Path> found = new TreeMap<>();
    for (Entry entry : manifest.files()) {
      if (entry.path().startsWith(name + "/")) {
        found.put(entry.path().substring(name.length() + 1), stored(entry));
      }
    }
    return found;
  }

  /**
   * Writes a backup's files to where they belong in a data folder, comparing each with its checksum
   * on the way.
   *
   * @param but the folder of those that belong elsewhere
   */
  public void copyTo(Path dataFolder, BackupManifest manifest, String but, BackupWatch watch)
      throws BackupException {
    List<Entry> entries =
        manifest.files().stream().filter(entry -> !entry.path().startsWith(but + "/")).toList();
    long total = entries.stream().mapToLong(Entry::bytes).sum();
    long[] done = {0};
    for (Entry entry : entries) {
      Path target = dataFolder.resolve(entry.path());
      String sha256;
      try {
        Files.createDirectories(target.getParent() == null ? dataFolder : target.getParent());
        sha256 =
            copy(
                stored(entry),
                target,
                bytes -> watch.progress(BackupWatch.Stage.COPYING, done[0] += bytes, total));
      } catch (NoSuchFileException e) {
        throw new BackupException(
            Kind.DAMAGED, "the backup's file for " + entry.path() + " is missing", e);
      } catch (IOException e) {
        throw new BackupException(
            Kind.FOLDER_UNUSABLE, entry.path() + " cannot be restored: " + e, e);
      }
      if (!sha256.equals(entry.sha256())) {
        throw new BackupException(
            Kind.DAMAGED,
            "the backup's file for "
                + entry.path()
                + " does not match its checksum; nothing of it can be used");
      }
    }
  }

  private Path stored(Entry entry) {
    return files.resolve(entry.storedName());
  }

  // ---- writing

  /** The folder, for one writer alone. */
  final class Writing implements AutoCloseable {
    private final FileChannel lock;
    private boolean publishing;

    private Writing(FileChannel lock) {
      this.lock = lock;
    }

    /** Copies a file into the backup, and makes it durable. */
    Entry add(String path, Path source, LongConsumer read) throws IOException {
      Path unfinished = files.resolve(UNFINISHED);
      String fingerprint = Fingerprint.of(source);
      long size = Files.size(source);
      String sha256 = copy(source, unfinished, read);
      return finish(new Entry(path, size, sha256, fingerprint));
    }

    /** The same of a file that lies outside of the data folder. */
    Entry add(OutsideFile source, LongConsumer read) throws IOException {
      Path unfinished = files.resolve(UNFINISHED);
      long[] size = {0};
      String sha256;
      try (InputStream in = source.open()) {
        sha256 =
            copy(
                in,
                unfinished,
                bytes -> {
                  size[0] += bytes;
                  read.accept(bytes);
                });
      }
      return finish(new Entry(source.path(), size[0], sha256, Fingerprint.of(unfinished)));
    }

    private Entry finish(Entry entry) throws IOException {
      Files.move(
          files.resolve(UNFINISHED),
          stored(entry),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      return entry;
    }

    /** Makes these the backup. When this returns they are, also after a loss of power. */
    void publish(BackupManifest manifest) throws IOException {
      publishing = true;
      force(files);
      Path unfinished = folder.resolve(MANIFEST + "." + UNFINISHED);
      try (FileChannel out =
              FileChannel.open(
                  unfinished,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.TRUNCATE_EXISTING,
                  StandardOpenOption.WRITE);
          OutputStream stream = Channels.newOutputStream(out)) {
        stream.write(manifest.toText().getBytes(StandardCharsets.UTF_8));
        out.force(true);
      }
      Files.move(
          unfinished,
          folder.resolve(MANIFEST),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      force(folder);
    }

    /** Whether what was copied since may be the backup that is there. */
    boolean hasBegunToPublish() {
      return publishing;
    }

    /** Removes what does not belong to a backup: what was copied in vain, or is out of date. */
    void removeAllBut(@Nullable BackupManifest manifest) throws IOException {
      Set<String> kept = new HashSet<>();
      if (manifest != null) {
        manifest.files().forEach(entry -> kept.add(entry.storedName()));
      }
      List<Path> found;
      try (Stream<Path> list = Files.list(files)) {
        found = list.toList();
      }
      for (Path file : found) {
        if (!kept.contains(file.getFileName().toString())) {
          Files.delete(file);
        }
      }
    }

    @Override
    public void close() throws IOException {
      lock.close();
    }
  }

  /** Opens the folder to write into it; creates it in a folder that is there. */
  Writing write() throws BackupException, IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(folder);
    }
    if (!isIn(folder)) {
      refuseOtherThings();
    }
    FileChannel lock =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean mine = false;
    try {
      mine = lock.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      mine = false; // this very process
    } finally {
      if (!mine) {
        lock.close();
      }
    }
    if (!mine) {
      throw new BackupException(Kind.REFUSED, "another backup into " + folder + " is under way");
    }
    Files.createDirectories(files);
    return new Writing(lock);
  }

  /** A backup deletes what it does not know, so it begins in a folder that holds nothing else. */
  private void refuseOtherThings() throws IOException, BackupException {
    Set<String> ours = Set.of("lock", "files", MANIFEST + "." + UNFINISHED);
    try (Stream<Path> list = Files.list(folder)) {
      Path other =
          list.filter(path -> !ours.contains(path.getFileName().toString()))
              .findFirst()
              .orElse(null);
      if (other != null) {
        throw new BackupException(
            Kind.REFUSED,
            "the folder " + folder + " holds something else than a backup: " + other.getFileName());
      }
    }
  }

  /** Copies a file and makes the copy durable; returns its SHA-256. */
  private static String copy(Path source, Path target, LongConsumer read) throws IOException {
    try (InputStream in = Files.newInputStream(source)) {
      return copy(in, target, read);
    }
  }

  private static String copy(InputStream in, Path target, LongConsumer read) throws IOException {
    MessageDigest digest = Sha256.digest();
    try (FileChannel out =
        FileChannel.open(
            target,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      transfer(in, Channels.newOutputStream(out), digest, read);
      out.force(true);
    }
    return Sha256.hex(digest.digest());
  }

  private static void transfer(
      InputStream in, OutputStream out, MessageDigest digest, LongConsumer read)
      throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
      digest.update(buffer, 0, length);
      out.write(buffer, 0, length);
      read.accept(length);
    }
  }

  /** Makes durable which files a folder has. */
  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
