package io.varve.server.ops;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much room there is on the disk that holds the store. Thread-safe. */
public final class DiskSpace {
  private static final Logger log = LoggerFactory.getLogger(DiskSpace.class);

  private final Path folder;

  public DiskSpace(Path folder) {
    this.folder = folder;
  }

  /** Bytes that the server may still write; -1 when the system does not say. */
  public long freeBytes() {
    return ask(FileStore::getUsableSpace);
  }

  /** Bytes that the disk has in all; -1 when the system does not say. */
  public long totalBytes() {
    return ask(FileStore::getTotalSpace);
  }

  private interface Question {
    long of(FileStore disk) throws IOException;
  }

  private long ask(Question question) {
    try {
      return question.of(Files.getFileStore(folder));
    } catch (IOException e) {
      log.debug("the system does not tell the room on the disk of {}", folder, e);
      return -1;
    }
  }
}
