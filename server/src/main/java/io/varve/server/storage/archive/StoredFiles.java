package io.varve.server.storage.archive;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Archive segments wherever they lie, such as in a backup; to be read only. */
public final class StoredFiles implements ArchiveFiles {
  private final String location;
  private final Map<String, Path> paths;

  /**
   * @param location where they are, for people
   * @param paths the files by the names that the catalogue has for them
   */
  public StoredFiles(String location, Map<String, Path> paths) {
    this.location = location;
    this.paths = Map.copyOf(paths);
  }

  @Override
  public String location() {
    return location;
  }

  @Override
  public byte[] read(String name, long offset, int length) throws IOException {
    byte[] bytes = new byte[length];
    try (RandomAccessFile file = new RandomAccessFile(pathOf(name).toFile(), "r")) {
      file.seek(offset);
      file.readFully(bytes);
    }
    return bytes;
  }

  private Path pathOf(String name) throws NoSuchFileException {
    Path path = paths.get(name);
    if (path == null || !Files.exists(path)) {
      throw new NoSuchFileException(name);
    }
    return path;
  }

  @Override
  public long size(String name) throws IOException {
    return Files.size(pathOf(name));
  }

  @Override
  public List<String> names() {
    return paths.keySet().stream().sorted().toList();
  }

  @Override
  public Writer create(String name) {
    throw new UnsupportedOperationException("what lies in " + location + " is only read");
  }

  @Override
  public void delete(String name) {
    throw new UnsupportedOperationException("what lies in " + location + " is only read");
  }

  @Override
  public void discardUnfinished() {
    throw new UnsupportedOperationException("what lies in " + location + " is only read");
  }
}
