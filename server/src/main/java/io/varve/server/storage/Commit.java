package io.varve.server.storage;

import io.varve.server.event.Tracking;
import java.util.List;

/**
 * Events on their way to disk, all or nothing. One thread adds them, encoding as it goes and
 * without I/O, so that this happens while the commit before is being written; then it is handed to
 * the thread that writes.
 */
public interface Commit {

  /**
   * Adds the next event; its position follows that of the event before, in this commit or the one
   * before.
   */
  void add(AssignedEvent event);

  /**
   * Adds a consumer's progress, to be stored together with the events. A later one of the same
   * source takes its place.
   */
  void track(Tracking tracking);

  /** How many events there are. */
  int count();

  /** About how many bytes they take. */
  long bytes();

  /** The events as readers get them. Nothing may be added afterwards. */
  List<EventRun> runs();

  /**
   * Writes the events. Once this returns they are durable, and readers may see them. When it
   * throws, they are in doubt: they may be there after a restart, and nothing more may be written
   * before.
   */
  void write();
}
