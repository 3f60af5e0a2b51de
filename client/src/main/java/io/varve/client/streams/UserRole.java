package io.varve.client.streams;

/** What a user may do. */
public enum UserRole {
  /** Reads everything but system streams. */
  READER,
  /** The same, appends, and uses consumer groups. */
  WRITER,
  /** The same, and decides what is kept of streams. */
  MANAGER,
  /** May do everything. */
  ADMINISTRATOR
}
