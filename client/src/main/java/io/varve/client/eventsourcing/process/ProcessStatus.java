package io.varve.client.eventsourcing.process;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a process is doing, as one runner sees it.
 *
 * @param process its name
 * @param intake whether events are being taken in
 * @param error what keeps events from being taken in; null: nothing
 * @param position up to which the log has been taken in
 * @param running instances that are carrying out a command now
 * @param waiting instances that wait for an event, a timer, or their turn
 * @param stuck instances that cannot go on, and are tried again and again; those first that have
 *     failed most often
 * @param needHelp instances that have asked for help
 * @param passedOver events that this runner has passed over since it was started, because they can
 *     never be taken in; null: none
 * @param completed instances that this runner has seen end since it was started
 */
public record ProcessStatus(
    String process,
    Intake intake,
    @Nullable String error,
    long position,
    int running,
    int waiting,
    List<Stuck> stuck,
    List<NeedsHelp> needHelp,
    @Nullable PassedOver passedOver,
    long completed) {

  public ProcessStatus {
    requireNonNull(process);
    requireNonNull(intake);
    stuck = List.copyOf(stuck);
    needHelp = List.copyOf(needHelp);
  }

  /** What becomes of events. */
  public enum Intake {
    /** The runner looks for what a former one has left. */
    STARTING,
    /** Events are taken in as they come. */
    FOLLOWING,
    /** The link to the store is lost. */
    RECONNECTING,
    /** An event cannot be read, or the store refused; it is tried again. */
    FAILED,
    /** The runner is closed. */
    CLOSED
  }

  /**
   * An instance that cannot go on.
   *
   * @param id its id
   * @param reason what went wrong last
   * @param failures how many times in a row
   * @param since when it went wrong first
   * @param retryAt when it is tried again
   */
  public record Stuck(String id, String reason, int failures, Instant since, Instant retryAt) {
    public Stuck {
      requireNonNull(id);
      requireNonNull(reason);
      requireNonNull(since);
      requireNonNull(retryAt);
    }
  }

  /**
   * Events that were passed over, although they are the process's.
   *
   * @param count how many
   * @param type the type of the last one
   * @param stream its stream
   * @param version its version in there
   * @param position its position
   * @param reason why it cannot be taken in
   * @see ProcessRunner.Builder#passOverFaultyEvents
   */
  public record PassedOver(
      long count, String type, String stream, long version, long position, String reason) {
    public PassedOver {
      requireNonNull(type);
      requireNonNull(stream);
      requireNonNull(reason);
    }
  }

  /** An instance that has asked for help. */
  public record NeedsHelp(String id, String reason) {
    public NeedsHelp {
      requireNonNull(id);
      requireNonNull(reason);
    }
  }
}
