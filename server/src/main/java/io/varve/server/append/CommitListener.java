package io.varve.server.append;

import io.varve.server.storage.EventRun;
import io.varve.server.storage.StreamChange;
import java.util.List;

/**
 * Hears what the commit path does. Called on the writer's thread: must be short and must not throw.
 */
public interface CommitListener {

  /**
   * A batch is about to be written: its events if it has any, and what goes with them.
   *
   * @param commands how many commands it answers, refused ones included
   * @param events how many events it holds; may be 0
   * @param bytes about how many bytes they take
   */
  default void writing(int commands, int events, long bytes) {}

  /**
   * A batch is about to be written in which something is said of streams; what else is decided of
   * them is not told. Not called for batches without.
   *
   * @param changes as they follow each other; each with a description
   */
  default void describing(List<StreamChange> changes) {}

  /**
   * The same once they are durable and visible. Called before {@link #committed}; not if the batch
   * could not be written.
   */
  default void described(List<StreamChange> changes) {}

  /** The batch has been written and is durable. Nothing of it has been told to anybody yet. */
  default void written() {}

  /**
   * Events have become durable and visible. Called before their writers are answered, in the order
   * of the log.
   */
  void committed(List<EventRun> runs);

  /** A write failed; the store takes no more appends until it is restarted. */
  void stopped(String reason);
}
