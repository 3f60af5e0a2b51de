package io.varve.client.streams;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A consumer group as it stands.
 *
 * @param group the group, with the settings that are in force
 * @param checkpoint every event up to this position (of a stream: version) has been acked, skipped
 *     or parked
 * @param lag how many events of the source are still to be done, at most; 0: level
 * @param inFlight events delivered and not yet answered
 * @param retrying events that failed and wait to be delivered again
 * @param parked events parked, those being replayed included
 * @param replaying parked events that {@link ConsumerGroups#replayParked} asked for and that are
 *     not done yet
 * @param deliveriesPerSecond events delivered a second, over the last minute, repeats included
 * @param acksPerSecond events acked a second, over the last minute
 * @param consumers those connected now, in the order in which they came
 * @param createdAt when the group was created
 * @param stop who stopped it, and why; null: it is not stopped
 * @param problem what keeps the group from going on that no consumer can mend, as a sentence; null:
 *     nothing
 */
public record ConsumerGroupInfo(
    ConsumerGroup group,
    long checkpoint,
    long lag,
    int inFlight,
    int retrying,
    long parked,
    long replaying,
    double deliveriesPerSecond,
    double acksPerSecond,
    List<ConsumerInfo> consumers,
    Instant createdAt,
    @Nullable Stop stop,
    @Nullable String problem) {

  public ConsumerGroupInfo {
    consumers = List.copyOf(consumers);
  }

  /** The group's name. */
  public String name() {
    return group.name();
  }

  /**
   * A stop by {@link NackAction#STOP}. The next consumer that joins sets the group going again.
   *
   * @param consumer the name that the consumer gave when it joined; empty: none
   * @param reason the reason that it gave
   * @param stoppedAt when, by the server's clock
   * @param position of the event that it could not go on with; it comes first when the group goes
   *     on
   */
  public record Stop(String consumer, String reason, Instant stoppedAt, long position) {}
}
