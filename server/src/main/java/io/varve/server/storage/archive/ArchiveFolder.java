package io.varve.server.storage.archive;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Archive segments in a folder: on a cheap disk, or a network mount. Each store has a folder of its
 * own in it, named by its id, so that stores may share one.
 *
 * <p>The folder is made when the first file is: a mount that is missing is not to be taken for an
 * empty archive.
 */
public final class ArchiveFolder implements ArchiveFiles {
  private static final String ENDING = ".segment";
  private static final String UNFINISHED = ".unfinished";

  private final Path folder;

  /**
   * @param parent the folder for the archives of all stores; must exist before the first file is
   *     made
   */
  public ArchiveFolder(Path parent, UUID storeId) {
    this.folder = parent.toAbsolutePath().normalize().resolve(storeId.toString());
  }

  @Override
  public String location() {
    return folder.toString();
  }

  @Override
  public Writer create(String name) throws IOException {
    Path parent = folder.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new NoSuchFileException(String.valueOf(parent), null, "the archive folder is missing");
    }
    if (!Files.isDirectory(folder)) {
      Files.createDirectory(folder);
      sync(parent);
    }
    return new FileWriter(folder.resolve(name + UNFINISHED), pathOf(name));
  }

  private Path pathOf(String name) {
    return folder.resolve(name + ENDING);
  }

  @Override
  public byte[] read(String name, long offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    // No channel: an interrupted thread would close that. Opened anew each time: nothing is held,
    // and a mount that has come back is found again.
    try (RandomAccessFile file = open(name)) {
      file.seek(offset);
      file.readFully(bytes);
    }
    return bytes;
  }

  private RandomAccessFile open(String name) throws IOException {
    Path path = pathOf(name);
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    return new RandomAccessFile(path.toFile(), "r");
  }

  @Override
  public long size(String name) throws IOException {
    return Files.size(pathOf(name));
  }

  @Override
  public List<String> names() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(ENDING))
          .map(name -> name.substring(0, name.length() - ENDING.length()))
          .sorted()
          .toList();
    }
  }

  @Override
  public void delete(String name) throws IOException {
    Files.delete(pathOf(name));
  }

  @Override
  public void discardUnfinished() throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> left;
    try (Stream<Path> files = Files.list(folder)) {
      left = files.filter(file -> file.toString().endsWith(UNFINISHED)).toList();
    }
    for (Path file : left) {
      Files.deleteIfExists(file);
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static final class FileWriter implements Writer {
    private final Path unfinished;
    private final Path finished;
    private final FileOutputStream out;
    private boolean done;

    FileWriter(Path unfinished, Path finished) throws IOException {
      this.unfinished = unfinished;
      this.finished = finished;
      this.out = new FileOutputStream(unfinished.toFile());
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void finish() throws IOException {
      out.getFD().sync();
      out.close();
      if (Files.exists(finished)) {
        throw new IOException(finished + " is there already");
      }
      Files.move(unfinished, finished, StandardCopyOption.ATOMIC_MOVE);
      done = true;
      Path folder = finished.getParent();
      if (folder != null) {
        sync(folder);
      }
    }

    @Override
    public void close() throws IOException {
      out.close();
      if (!done) {
        done = true;
        Files.deleteIfExists(unfinished);
      }
    }
  }
}
