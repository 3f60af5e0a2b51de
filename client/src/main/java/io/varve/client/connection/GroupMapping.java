package io.varve.client.connection;

import com.google.protobuf.Empty;
import io.varve.client.streams.ConsumerGroup;
import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroupSource;
import io.varve.client.streams.ConsumerInfo;
import io.varve.client.streams.ConsumerStrategy;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.NackAction;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.SubscriptionStart;
import java.time.DateTimeException;
import java.util.List;

/** Between the values of the API and the messages of the wire: consumer groups. */
final class GroupMapping {

  private GroupMapping() {}

  static io.varve.proto.v1.ConsumerGroup group(ConsumerGroup group) {
    io.varve.proto.v1.ConsumerGroup.Builder message =
        io.varve.proto.v1.ConsumerGroup.newBuilder()
            .setName(ProtoMapping.wellFormed("group.name", group.name()))
            .setSettings(settings(group.settings()));
    switch (group.source()) {
      case ConsumerGroupSource.OfStream of ->
          message.setStream(ProtoMapping.wellFormed("group.stream", of.stream()));
      case ConsumerGroupSource.OfLog of -> message.setQuery(ProtoMapping.query(of.query()));
    }
    switch (group.start()) {
      case SubscriptionStart.FromStart fromStart ->
          message.setFromStart(Empty.getDefaultInstance());
      case SubscriptionStart.FromNow fromNow -> message.setFromNow(Empty.getDefaultInstance());
      case SubscriptionStart.After after -> message.setAfter(after.place());
    }
    return message.build();
  }

  private static ConsumerGroup group(io.varve.proto.v1.ConsumerGroup message) {
    ConsumerGroupSource source =
        switch (message.getSourceCase()) {
          case STREAM -> new ConsumerGroupSource.OfStream(message.getStream());
          case QUERY -> new ConsumerGroupSource.OfLog(query(message.getQuery()));
          case SOURCE_NOT_SET -> throw new IllegalArgumentException("it has no source");
        };
    SubscriptionStart start =
        switch (message.getStartCase()) {
          case AFTER -> new SubscriptionStart.After(message.getAfter());
          case FROM_NOW -> new SubscriptionStart.FromNow();
          case FROM_START, START_NOT_SET -> new SubscriptionStart.FromStart();
        };
    return ConsumerGroup.of(message.getName(), source)
        .starting(start)
        .settings(settings(message.getSettings()));
  }

  private static Query query(io.varve.proto.v1.Query message) {
    return new Query(
        message.getItemsList().stream()
            .map(
                item ->
                    new QueryItem(
                        item.getTypesList(),
                        item.getTagsList(),
                        item.getStreamPrefixesList(),
                        item.getCategoriesList()))
            .toList());
  }

  static io.varve.proto.v1.ConsumerGroupSettings settings(ConsumerGroupSettings settings) {
    return io.varve.proto.v1.ConsumerGroupSettings.newBuilder()
        .setStrategy(
            switch (settings.strategy()) {
              case ROUND_ROBIN -> io.varve.proto.v1.ConsumerStrategy.CONSUMER_STRATEGY_ROUND_ROBIN;
              case PINNED -> io.varve.proto.v1.ConsumerStrategy.CONSUMER_STRATEGY_PINNED;
              case SINGLE -> io.varve.proto.v1.ConsumerStrategy.CONSUMER_STRATEGY_SINGLE;
            })
        .setAckTimeout(StreamMapping.duration(settings.ackTimeout()))
        .setMaxRetries(settings.maxRetries())
        .setBufferSize(settings.bufferSize())
        .setMaxInFlight(settings.maxInFlight())
        .setCheckpointAfterEvents(settings.checkpointAfterEvents())
        .setCheckpointAfter(StreamMapping.duration(settings.checkpointAfter()))
        .build();
  }

  /** Settings as the server has them; what it leaves out is as the contract says. */
  static ConsumerGroupSettings settings(io.varve.proto.v1.ConsumerGroupSettings message) {
    ConsumerGroupSettings defaults = ConsumerGroupSettings.defaults();
    return new ConsumerGroupSettings(
        switch (message.getStrategy()) {
          case CONSUMER_STRATEGY_UNSPECIFIED, CONSUMER_STRATEGY_ROUND_ROBIN ->
              ConsumerStrategy.ROUND_ROBIN;
          case CONSUMER_STRATEGY_PINNED -> ConsumerStrategy.PINNED;
          case CONSUMER_STRATEGY_SINGLE -> ConsumerStrategy.SINGLE;
          case UNRECOGNIZED -> throw new IllegalArgumentException("unknown strategy");
        },
        message.hasAckTimeout()
            ? StreamMapping.duration(message.getAckTimeout())
            : defaults.ackTimeout(),
        message.hasMaxRetries() ? message.getMaxRetries() : defaults.maxRetries(),
        orDefault(message.getBufferSize(), defaults.bufferSize()),
        orDefault(message.getMaxInFlight(), defaults.maxInFlight()),
        orDefault(message.getCheckpointAfterEvents(), defaults.checkpointAfterEvents()),
        message.hasCheckpointAfter()
            ? StreamMapping.duration(message.getCheckpointAfter())
            : defaults.checkpointAfter());
  }

  private static int orDefault(int value, int standard) {
    return value == 0 ? standard : value;
  }

  static ConsumerGroupInfo info(io.varve.proto.v1.ConsumerGroupInfo message) {
    try {
      return new ConsumerGroupInfo(
          group(message.getGroup()),
          message.getCheckpoint(),
          message.getLag(),
          message.getInFlight(),
          message.getRetrying(),
          message.getParked(),
          message.getReplaying(),
          message.getDeliveriesPerSecond(),
          message.getAcksPerSecond(),
          message.getConsumersList().stream().map(GroupMapping::consumer).toList(),
          ProtoMapping.instant(message.getCreatedAt()),
          message.hasStop() ? stop(message.getStop()) : null,
          message.getProblem().isEmpty() ? null : message.getProblem());
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      throw senseless("about group \"" + message.getGroup().getName() + "\"", e);
    }
  }

  private static ConsumerInfo consumer(io.varve.proto.v1.ConsumerInfo message) {
    return new ConsumerInfo(
        message.getName(),
        message.getInFlight(),
        message.getCredit(),
        message.getDeliveriesPerSecond(),
        message.getAcksPerSecond(),
        ProtoMapping.instant(message.getConnectedAt()));
  }

  private static ConsumerGroupInfo.Stop stop(io.varve.proto.v1.ConsumerGroupStop message) {
    return new ConsumerGroupInfo.Stop(
        message.getConsumer(),
        message.getReason(),
        ProtoMapping.instant(message.getStoppedAt()),
        message.getPosition());
  }

  static ParkedEvent parked(io.varve.proto.v1.ParkedEvent message) {
    io.varve.proto.v1.RecordedEvent event = message.getEvent();
    try {
      return new ParkedEvent(
          event.getStream(),
          event.getVersion(),
          event.getPosition(),
          event.getId().isEmpty() ? null : ProtoMapping.recordedEvent(event),
          message.getReason(),
          ProtoMapping.instant(message.getParkedAt()),
          message.getRetryCount(),
          message.getReplaying());
    } catch (DateTimeException | ArithmeticException e) {
      throw senseless("as a parked event at position " + event.getPosition(), e);
    }
  }

  static List<DeliveredEvent> delivered(io.varve.proto.v1.Delivery message) {
    return message.getEventsList().stream()
        .map(
            event ->
                new DeliveredEvent(
                    ProtoMapping.recordedEvent(event.getEvent()),
                    event.getRetryCount(),
                    event.getReplayed()))
        .toList();
  }

  static io.varve.proto.v1.NackAction action(NackAction action) {
    return switch (action) {
      case RETRY -> io.varve.proto.v1.NackAction.NACK_ACTION_RETRY;
      case PARK -> io.varve.proto.v1.NackAction.NACK_ACTION_PARK;
      case SKIP -> io.varve.proto.v1.NackAction.NACK_ACTION_SKIP;
      case STOP -> io.varve.proto.v1.NackAction.NACK_ACTION_STOP;
    };
  }

  private static StoreFailedException senseless(String about, Exception cause) {
    return new StoreFailedException(
        "the server sent something " + about + " that makes no sense: " + cause.getMessage(),
        cause);
  }
}
