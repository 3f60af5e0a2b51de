package io.varve.server.cli;

import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.server.config.Durations;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * How a consumer group is to behave. Add it to a command with {@code @Mixin}. The limits are the
 * store's, which refuses what lies outside.
 */
final class GroupSettingOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--strategy",
      paramLabel = "NAME",
      description = {
        "Who gets an event: round_robin, the next consumer that has credit; pinned, for all events"
            + " of a",
        "stream the same one while it stays; single, one consumer for everything, the others stand"
            + " by.",
        "A new group: round_robin."
      })
  private @Nullable ConsumerStrategy strategy;

  @Option(
      names = "--ack-timeout",
      paramLabel = "TIME",
      description = "An event that is not answered for so long counts as failed. A new group: 30s.")
  private @Nullable String ackTimeout;

  @Option(
      names = "--max-retries",
      paramLabel = "N",
      description =
          "An event that fails once more after so many failures is parked. A new group: 10.")
  private @Nullable Integer maxRetries;

  @Option(
      names = "--buffer-size",
      paramLabel = "N",
      description = "How many events the store holds for the group. A new group: 500.")
  private @Nullable Integer bufferSize;

  @Option(
      names = "--max-in-flight",
      paramLabel = "N",
      description = "How many events a consumer may hold unanswered. A new group: 100.")
  private @Nullable Integer maxInFlight;

  @Option(
      names = "--checkpoint-after-events",
      paramLabel = "N",
      description = "Store the progress after so many answers at least. A new group: 1000.")
  private @Nullable Integer checkpointAfterEvents;

  @Option(
      names = "--checkpoint-after",
      paramLabel = "TIME",
      description = "Store the progress so often at least. A new group: 2s.")
  private @Nullable String checkpointAfter;

  /** Whether anything is asked for. */
  boolean isGiven() {
    return strategy != null
        || ackTimeout != null
        || maxRetries != null
        || bufferSize != null
        || maxInFlight != null
        || checkpointAfterEvents != null
        || checkpointAfter != null;
  }

  /**
   * These settings with what was asked for.
   *
   * @throws ParameterException an option is malformed
   */
  ConsumerGroupSettings onTopOf(ConsumerGroupSettings before) {
    return new ConsumerGroupSettings(
        strategy == null ? before.strategy() : strategy,
        time("--ack-timeout", ackTimeout, before.ackTimeout()),
        atLeast(0, "--max-retries", maxRetries, before.maxRetries()),
        atLeast(1, "--buffer-size", bufferSize, before.bufferSize()),
        atLeast(1, "--max-in-flight", maxInFlight, before.maxInFlight()),
        atLeast(
            1, "--checkpoint-after-events", checkpointAfterEvents, before.checkpointAfterEvents()),
        time("--checkpoint-after", checkpointAfter, before.checkpointAfter()));
  }

  private int atLeast(int least, String option, @Nullable Integer asked, int before) {
    if (asked == null) {
      return before;
    }
    if (asked < least) {
      throw usage(option + " must be " + least + " or higher, was " + asked);
    }
    return asked;
  }

  private Duration time(String option, @Nullable String asked, Duration before) {
    if (asked == null) {
      return before;
    }
    try {
      return Durations.parse(asked);
    } catch (IllegalArgumentException e) {
      throw usage(option + " " + e.getMessage());
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
