package io.varve.server.append;

import io.varve.server.storage.EventRun;
import java.util.List;

/**
 * Hears what the commit path does. Called on the writer's thread: must be short and must not throw.
 */
public interface CommitListener {

  /**
   * Events have become durable and visible. Called before their writers are answered, in the order
   * of the log.
   */
  void committed(List<EventRun> runs);

  /** A write failed; the store takes no more appends until it is restarted. */
  void stopped(String reason);
}
