package io.varve.server.append;

import java.util.function.Consumer;

/**
 * The only way to write. Today a local log with one writer; the seam at which a replicated log
 * takes its place.
 *
 * <p>Commands are decided one after the other, in the order in which they were proposed, each
 * against everything that was accepted before it. A command that is refused leaves no trace.
 * Thread-safe.
 */
public interface CommitLog extends AutoCloseable {

  /**
   * Proposes a command. Its outcome goes to the callback exactly once: on the writer's thread, in
   * the order of the decisions, after everything that the decision rests on is durable; or at once
   * on the caller's thread when the command is not even queued ({@link Outcome.QueueFull}, {@link
   * Outcome.Stopping}, {@link Outcome.StoreStopped}). The callback must be short and must not
   * block.
   */
  void propose(Command command, Consumer<Outcome> callback);

  /** Takes no more commands, lets those that are queued finish, and stops the threads. */
  @Override
  void close();
}
