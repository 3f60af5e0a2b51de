package io.varve.client.connection;

import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.proto.v1.SubscriptionConfirmed;
import java.util.List;

/** What one message of a subscription says, be it to a stream or to the log. */
sealed interface Delivery {

  /** The subscription stands, and delivers what comes after this place. */
  record Confirmed(long after) implements Delivery {}

  /** The next events. */
  record Events(List<RecordedEvent> events) implements Delivery {}

  /** Level with the head, at this position. */
  record CaughtUp(long position) implements Delivery {}

  /** No longer live, at this position. */
  record FellBehind(long position) implements Delivery {}

  /** Alive, at this position. */
  record Checkpoint(long position) implements Delivery {}

  static Delivery of(SubscribeToStreamResponse message) {
    return switch (message.getContentCase()) {
      case CONFIRMED -> {
        SubscriptionConfirmed confirmed = message.getConfirmed();
        if (confirmed.getStartCase() != SubscriptionConfirmed.StartCase.AFTER_VERSION) {
          throw senseless("confirmed a subscription to a stream without a version to start after");
        }
        yield new Confirmed(confirmed.getAfterVersion());
      }
      case EVENTS -> new Events(ProtoMapping.recordedEvents(message.getEvents().getEventsList()));
      case CAUGHT_UP -> new CaughtUp(message.getCaughtUp().getPosition());
      case FELL_BEHIND -> new FellBehind(message.getFellBehind().getPosition());
      case CHECKPOINT -> new Checkpoint(message.getCheckpoint().getPosition());
      case CONTENT_NOT_SET -> throw senseless("sent an empty message to a subscription");
    };
  }

  static Delivery of(SubscribeToLogResponse message) {
    return switch (message.getContentCase()) {
      case CONFIRMED -> {
        SubscriptionConfirmed confirmed = message.getConfirmed();
        if (confirmed.getStartCase() != SubscriptionConfirmed.StartCase.AFTER_POSITION) {
          throw senseless("confirmed a subscription to the log without a position to start after");
        }
        yield new Confirmed(confirmed.getAfterPosition());
      }
      case EVENTS -> new Events(ProtoMapping.recordedEvents(message.getEvents().getEventsList()));
      case CAUGHT_UP -> new CaughtUp(message.getCaughtUp().getPosition());
      case FELL_BEHIND -> new FellBehind(message.getFellBehind().getPosition());
      case CHECKPOINT -> new Checkpoint(message.getCheckpoint().getPosition());
      case CONTENT_NOT_SET -> throw senseless("sent an empty message to a subscription");
    };
  }

  private static StoreFailedException senseless(String what) {
    return new StoreFailedException("the server " + what, null);
  }
}
