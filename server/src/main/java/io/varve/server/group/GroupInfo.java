package io.varve.server.group;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A group as it stands.
 *
 * @param definition what it is
 * @param checkpoint every event up to this place (of the log a position, of a stream a version) is
 *     done or parked
 * @param lag how many events of the source, at most, are still to be done
 * @param inFlight events delivered and not yet answered
 * @param retrying events that failed and wait to be delivered again
 * @param parked events parked, those being replayed included
 * @param replaying parked events that were asked for and are not done yet
 * @param deliveriesPerSecond events delivered a second, over the last minute
 * @param acksPerSecond events acked a second, over the last minute
 * @param stop who stopped it; null if it is not stopped
 * @param problem what keeps it from going on, or has befallen it, as a sentence; "" for nothing
 * @param consumers who is connected, in the order in which they came
 */
public record GroupInfo(
    GroupDefinition definition,
    long checkpoint,
    long lag,
    int inFlight,
    int retrying,
    long parked,
    long replaying,
    double deliveriesPerSecond,
    double acksPerSecond,
    @Nullable GroupStop stop,
    String problem,
    List<Consumer> consumers) {

  /**
   * A connected consumer.
   *
   * @param name the name that it gave
   * @param inFlight events delivered to it and not yet answered
   * @param credit how many more events it may be sent, as far as its own bounds go
   * @param connectedAt when it connected
   * @param deliveriesPerSecond events delivered to it a second, over the last minute
   * @param acksPerSecond events acked a second, over the last minute
   */
  public record Consumer(
      String name,
      int inFlight,
      long credit,
      Instant connectedAt,
      double deliveriesPerSecond,
      double acksPerSecond) {}
}
