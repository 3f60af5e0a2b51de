package io.varve.server.storage;

import java.io.IOException;
import java.io.InputStream;

/** A file that belongs to the store, lies outside of its data folder, and never changes. */
public interface OutsideFile {
  /** What it is called in a backup: a folder that no part of a data folder has, and a name. */
  String path();

  /** Its length. */
  long bytes();

  /** The SHA-256 that it had when it was written, in lower-case hexadecimal digits. */
  String sha256();

  /** Its bytes as they are now. */
  InputStream open() throws IOException;
}
