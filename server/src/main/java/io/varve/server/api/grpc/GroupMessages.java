package io.varve.server.api.grpc;

import com.google.protobuf.Empty;
import com.google.protobuf.util.Durations;
import io.varve.proto.v1.ConsumeConfirmed;
import io.varve.proto.v1.ConsumeResponse;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupInfo;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.ConsumerGroupStop;
import io.varve.proto.v1.ConsumerInfo;
import io.varve.proto.v1.ConsumerStrategy;
import io.varve.proto.v1.DeliveredEvent;
import io.varve.proto.v1.Delivery;
import io.varve.proto.v1.ListParkedResponse;
import io.varve.proto.v1.ParkedEvent;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.RecordedEvent;
import io.varve.server.group.GroupConsumer;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupInfo;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStop;
import io.varve.server.group.GroupStrategy;
import io.varve.server.group.Parked;
import io.varve.server.storage.EncodedEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From consumer groups to messages. */
final class GroupMessages {
  private GroupMessages() {}

  // ---- groups

  static ConsumerGroupInfo of(GroupInfo info) {
    ConsumerGroupInfo.Builder message =
        ConsumerGroupInfo.newBuilder()
            .setGroup(of(info.definition()))
            .setCheckpoint(info.checkpoint())
            .setLag(info.lag())
            .setInFlight(info.inFlight())
            .setRetrying(info.retrying())
            .setParked(info.parked())
            .setReplaying(info.replaying())
            .setDeliveriesPerSecond(info.deliveriesPerSecond())
            .setAcksPerSecond(info.acksPerSecond())
            .setCreatedAt(ProtoTimes.of(info.definition().createdAt()))
            .setProblem(info.problem());
    GroupStop stop = info.stop();
    if (stop != null) {
      message.setStop(
          ConsumerGroupStop.newBuilder()
              .setConsumer(stop.consumer())
              .setReason(stop.reason())
              .setStoppedAt(ProtoTimes.of(stop.at()))
              .setPosition(stop.position()));
    }
    for (GroupInfo.Consumer consumer : info.consumers()) {
      message.addConsumers(
          ConsumerInfo.newBuilder()
              .setName(consumer.name())
              .setInFlight(consumer.inFlight())
              .setCredit((int) consumer.credit())
              .setConnectedAt(ProtoTimes.of(consumer.connectedAt()))
              .setDeliveriesPerSecond(consumer.deliveriesPerSecond())
              .setAcksPerSecond(consumer.acksPerSecond()));
    }
    return message.build();
  }

  private static ConsumerGroup of(GroupDefinition definition) {
    ConsumerGroup.Builder message =
        ConsumerGroup.newBuilder()
            .setName(definition.name())
            .setSettings(of(definition.settings()));
    switch (definition.source()) {
      case GroupSource.OfStream stream -> message.setStream(stream.stream().value());
      case GroupSource.OfLog log -> message.setQuery(of(log.query()));
    }
    switch (definition.start()) {
      case GroupStart.Now _ -> message.setFromNow(Empty.getDefaultInstance());
      case GroupStart.After(long place) -> {
        if (place == 0) {
          message.setFromStart(Empty.getDefaultInstance());
        } else {
          message.setAfter(place);
        }
      }
    }
    return message.build();
  }

  private static Query of(io.varve.server.event.Query query) {
    Query.Builder message = Query.newBuilder();
    for (io.varve.server.event.Query.Item item : query.items()) {
      message.addItems(
          QueryItem.newBuilder()
              .addAllTypes(item.types().stream().sorted().toList())
              .addAllTags(item.tags().stream().sorted().toList())
              .addAllStreamPrefixes(item.streamPrefixes())
              .addAllCategories(item.categories().stream().sorted().toList()));
    }
    return message.build();
  }

  private static ConsumerGroupSettings of(GroupSettings settings) {
    return ConsumerGroupSettings.newBuilder()
        .setStrategy(of(settings.strategy()))
        .setAckTimeout(Durations.fromNanos(settings.ackTimeout().toNanos()))
        .setMaxRetries(settings.maxRetries())
        .setBufferSize(settings.bufferSize())
        .setMaxInFlight(settings.maxInFlight())
        .setCheckpointAfterEvents(settings.checkpointAfterEvents())
        .setCheckpointAfter(Durations.fromNanos(settings.checkpointAfter().toNanos()))
        .build();
  }

  private static ConsumerStrategy of(GroupStrategy strategy) {
    return switch (strategy) {
      case ROUND_ROBIN -> ConsumerStrategy.CONSUMER_STRATEGY_ROUND_ROBIN;
      case PINNED -> ConsumerStrategy.CONSUMER_STRATEGY_PINNED;
      case SINGLE -> ConsumerStrategy.CONSUMER_STRATEGY_SINGLE;
    };
  }

  // ---- deliveries

  static EncodedResponse confirmed(String memberId, GroupSettings settings) {
    return EncodedResponse.of(
        ConsumeResponse.newBuilder()
            .setConfirmed(
                ConsumeConfirmed.newBuilder().setSubscriptionId(memberId).setSettings(of(settings)))
            .build());
  }

  /** A delivery; events are sent as they are stored, with what is said of them behind each. */
  static EncodedResponse delivery(List<GroupConsumer.Delivery> deliveries, boolean json) {
    EncodedResponse events = new EncodedResponse();
    for (GroupConsumer.Delivery delivery : deliveries) {
      // The frame is that of a field 1, which the event is in a DeliveredEvent too.
      EncodedResponse delivered = PayloadViews.frame(delivery.event(), json);
      if (delivery.retryCount() > 0 || delivery.replayed()) {
        delivered.append(
            DeliveredEvent.newBuilder()
                .setRetryCount(delivery.retryCount())
                .setReplayed(delivery.replayed())
                .build()
                .toByteArray());
      }
      events.append(delivered.nestedIn(Delivery.EVENTS_FIELD_NUMBER));
    }
    return events.nestedIn(ConsumeResponse.DELIVERY_FIELD_NUMBER);
  }

  // ---- parked events

  /**
   * A parked event as an entry of a page.
   *
   * @param event the event itself; null when it is hidden or has been reclaimed
   */
  static EncodedResponse parked(
      Parked parked, boolean replaying, @Nullable EncodedEvent event, boolean json) {
    ParkedEvent.Builder message =
        ParkedEvent.newBuilder()
            .setReason(parked.reason())
            .setParkedAt(ProtoTimes.of(parked.at()))
            .setRetryCount(parked.retryCount())
            .setReplaying(replaying);
    if (event == null) {
      message.setEvent(
          RecordedEvent.newBuilder()
              .setStream(parked.stream().value())
              .setVersion(parked.version())
              .setPosition(parked.position()));
      return EncodedResponse.of(message.build()).nestedIn(ListParkedResponse.EVENTS_FIELD_NUMBER);
    }
    return PayloadViews.frame(event, json)
        .append(message.build().toByteArray())
        .nestedIn(ListParkedResponse.EVENTS_FIELD_NUMBER);
  }
}
