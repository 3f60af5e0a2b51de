package io.varve.client.eventsourcing;

import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * Hears what the toolkit does: for metrics, traces and logs. Every method does nothing unless it is
 * overridden, is called on the thread that did the work, and must return quickly; an exception out
 * of it is logged and goes no further.
 *
 * <p>{@code io.varve.client.eventsourcing.metrics} and {@code tracing} have observers for
 * Micrometer and OpenTelemetry.
 */
public interface ToolkitObserver {

  /** Hears nothing. */
  ToolkitObserver NONE = new ToolkitObserver() {};

  /** Tells this observer something; an exception out of it is logged and goes no further. */
  default void tell(Consumer<ToolkitObserver> what) {
    try {
      what.accept(this);
    } catch (RuntimeException e) {
      LoggerFactory.getLogger(ToolkitObserver.class).warn("the observer {} failed", this, e);
    }
  }

  // ---- commands

  /**
   * A command has been carried out, and its events are durable.
   *
   * @param category the aggregate's category, or the decision model's name
   * @param command the simple name of the command's class
   * @param events how many events were appended; 0: nothing was left to do
   * @param conflicts how many times it was decided again
   * @param took from the first load to the answer
   */
  default void commandExecuted(
      String category, String command, int events, int conflicts, Duration took) {}

  /** A command was refused by the domain. */
  default void commandRefused(String category, String command, Refusal refusal, Duration took) {}

  /** A command failed: the store could not be reached, or there were too many conflicts. */
  default void commandFailed(
      String category, String command, RuntimeException failure, Duration took) {}

  /** A stream has been loaded. */
  default void loaded(String category, long eventsRead, boolean fromSnapshot, Duration took) {}

  /** A snapshot has been saved. */
  default void snapshotSaved(String category, String stream, long version) {}

  /** A snapshot could not be saved; nothing is lost but time. */
  default void snapshotFailed(String category, String stream, RuntimeException failure) {}

  // ---- projections

  /**
   * Events have taken effect in a projection, and its checkpoint has moved.
   *
   * @param position the new checkpoint
   * @param head the newest position that the projection has heard of
   */
  default void projected(String projection, int events, long position, long head, Duration took) {}

  /** A projection could not take an event, or could not reach its database. */
  default void projectionFailed(String projection, long position, Exception failure) {}

  /** An event was put aside that a projection could not take. */
  default void eventParked(String projection, long position, Exception failure) {}

  // ---- processes

  /** A process has taken an input and recorded what follows from it. */
  default void processAdvanced(String process, String id, String input, int effects) {}

  /** A command of a process was carried out, or refused. */
  default void processCommand(String process, String id, String command, boolean accepted) {}

  /** A process could not go on; it tries again. */
  default void processFailed(String process, String id, Exception failure) {}

  // ---- consumers of groups

  /**
   * A handler has said what has become of an event.
   *
   * @param type the event's type
   * @param outcome done, retry, park, skip or stop
   * @param retryCount how often it had failed before
   */
  default void eventConsumed(
      String group, String type, String outcome, int retryCount, Duration took) {}

  /** A handler failed; {@link #eventConsumed} has told what that is for the group. */
  default void handlerFailed(String group, long position, Throwable failure) {}

  /** A consumer has lost its group, and joins again after a pause. */
  default void consumerReconnecting(String group, Exception cause) {}

  /** A consumer has ended by itself, and does not come back. */
  default void consumerStopped(String group, Throwable cause) {}
}
