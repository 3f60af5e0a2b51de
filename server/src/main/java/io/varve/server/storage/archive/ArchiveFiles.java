package io.varve.server.storage.archive;

import java.io.IOException;
import java.util.List;

/**
 * A place for archive segments: files that are written once, never changed, and read in pieces.
 * Today a folder; an object store fits as well. Thread-safe, but for writers.
 */
public interface ArchiveFiles {

  /** Where it is, for people. */
  String location();

  /**
   * Begins a file. Nobody sees it under its name before {@link Writer#finish}.
   *
   * @param name not used before
   */
  Writer create(String name) throws IOException;

  /**
   * Reads a piece of a file.
   *
   * @throws java.nio.file.NoSuchFileException when there is no such file
   * @throws java.io.EOFException when the file ends before the piece does
   */
  byte[] read(String name, long offset, int length) throws IOException;

  /**
   * How long a file is.
   *
   * @throws java.nio.file.NoSuchFileException when there is no such file
   */
  long size(String name) throws IOException;

  /** The names of all files that are finished. */
  List<String> names() throws IOException;

  /** Removes a file that its writer has just finished and that turned out to be wrong. */
  void delete(String name) throws IOException;

  /** Removes what writers have left that never finished. */
  void discardUnfinished() throws IOException;

  /** A file in the making. Used by one thread at a time. */
  interface Writer extends AutoCloseable {

    /** Adds bytes at the end. */
    void write(byte[] bytes, int offset, int length) throws IOException;

    /** Makes the file durable, and then visible under its name. */
    void finish() throws IOException;

    /** Discards the file unless it is finished. */
    @Override
    void close() throws IOException;
  }
}
