package io.varve.server.storage.archive;

import java.io.IOException;

/** How those who wait for events read the archive's files. Thread-safe. */
public interface ArchiveReads {

  /** On the caller's own thread, for as long as it takes. */
  ArchiveReads DIRECT =
      new ArchiveReads() {
        @Override
        public <T> T read(Reading<T> reading) throws IOException {
          return reading.get();
        }
      };

  /** One read. */
  interface Reading<T> {
    T get() throws IOException;
  }

  /**
   * Reads.
   *
   * @throws IOException what the reading throws, or it takes too long
   */
  <T> T read(Reading<T> reading) throws IOException;
}
