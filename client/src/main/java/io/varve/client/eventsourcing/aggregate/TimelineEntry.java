package io.varve.client.eventsourcing.aggregate;

import java.time.Instant;

/**
 * One line of an aggregate's history, for people.
 *
 * @param version the event's place in its stream
 * @param time when it became true in the writer's world, or else when it was recorded
 * @param type what the event is called in the store
 * @param line what it says
 */
public record TimelineEntry(long version, Instant time, String type, String line) {

  @Override
  public String toString() {
    return version + "  " + time + "  " + line;
  }
}
