package io.varve.client.streams;

/**
 * An event that a group has delivered to one of its consumers, to be acked or nacked.
 *
 * @param event the event
 * @param retryCount how often it was delivered before and failed; 0: this is the first time, as far
 *     as the store knows. What was delivered shortly before a crash may not be remembered
 * @param replayed whether it had been parked and comes again because {@link
 *     ConsumerGroups#replayParked} asked for it
 */
public record DeliveredEvent(RecordedEvent event, int retryCount, boolean replayed) {

  /** The event's place in the log, by which it is answered. */
  public long position() {
    return event.position();
  }
}
