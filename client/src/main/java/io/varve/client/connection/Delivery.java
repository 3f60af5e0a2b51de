package io.varve.client.connection;

import io.grpc.MethodDescriptor;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreFailedException;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToLogResponse;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.proto.v1.SubscribeToStreamResponse;
import io.varve.proto.v1.SubscriptionConfirmed;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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

  /** The tag of a message's batch of events. */
  int EVENTS = 2 << 3 | 2;

  /** The tag of a batch's event. */
  int EVENT = 1 << 3 | 2;

  /** Follows a stream. A delivery that makes no sense fails when it is taken. */
  MethodDescriptor<SubscribeToStreamRequest, Supplier<Delivery>> OF_STREAM =
      DecodingMarshaller.decoding(
          EventStoreGrpc.getSubscribeToStreamMethod(),
          Delivery::plain,
          message -> () -> of(message));

  /** Follows the log. A delivery that makes no sense fails when it is taken. */
  MethodDescriptor<SubscribeToLogRequest, Supplier<Delivery>> OF_LOG =
      DecodingMarshaller.decoding(
          EventStoreGrpc.getSubscribeToLogMethod(), Delivery::plain, message -> () -> of(message));

  /** A batch of events and nothing else, as nearly every message is. */
  private static @Nullable Supplier<Delivery> plain(EventDecoder bytes) {
    if (bytes.tag() != EVENTS) {
      return null;
    }
    List<RecordedEvent> events = new ArrayList<>();
    int outer = bytes.enter();
    while (bytes.hasMore()) {
      int tag = bytes.tag();
      if (tag == EVENT) {
        RecordedEvent event = bytes.event();
        if (event == null) {
          return null;
        }
        events.add(event);
      } else {
        bytes.skip(tag);
      }
    }
    bytes.leave(outer);
    if (!bytes.isPlain() || bytes.hasMore()) {
      return null;
    }
    Delivery delivery = new Events(events);
    return () -> delivery;
  }

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
