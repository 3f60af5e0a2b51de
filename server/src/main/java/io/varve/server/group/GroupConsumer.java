package io.varve.server.group;

import io.varve.server.event.StreamExclusion;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EncodedEvent;
import java.util.List;

/**
 * Whoever receives what a group delivers. Called by one thread at a time; calls must not block. An
 * exception ends this consumer's membership, and nobody else's.
 */
public interface GroupConsumer {

  /**
   * An event to be handled and answered.
   *
   * @param event the event; of use during the call only
   * @param retryCount how often it was delivered before and failed
   * @param replayed whether it is parked and was asked for again
   */
  record Delivery(EncodedEvent event, int retryCount, boolean replayed) {}

  /** Why a membership ends. */
  sealed interface End {
    /** The consumer wanted it. */
    record Left() implements End {}

    /** The group is gone. */
    record Deleted() implements End {}

    /** The consumer may not, or not any more, be given the events of the group's stream. */
    record Denied(StreamId stream) implements End {}

    /** A consumer has stopped the group. */
    record Stopped(GroupStop stop) implements End {}

    /** The server is stopping. */
    record ServerStopping() implements End {}

    /** Something failed that should not have. */
    record Failed(Throwable cause) implements End {}
  }

  /**
   * Whether more can be taken without piling up. When it turns true, {@link Membership#ready} is
   * called.
   */
  boolean isReady();

  /**
   * Streams whose events must not be given to this consumer. An event of the log that is its turn
   * is parked instead: it is neither lost nor given to another, who might not have been next.
   */
  StreamExclusion denied();

  /** The consumer has joined; the first call, unless it is {@link #ended}. */
  void joined(String memberId, GroupSettings settings);

  /** Events to be handled; at least one. */
  void deliver(List<Delivery> events);

  /** One of the consumer's messages has been taken in: another may be sent. */
  void taken();

  /** The membership is over; the last call. */
  void ended(End end);
}
