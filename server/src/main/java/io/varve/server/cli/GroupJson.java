package io.varve.server.cli;

import io.varve.client.streams.ConsumerGroupInfo;
import io.varve.client.streams.ConsumerGroupSettings;
import io.varve.client.streams.ConsumerGroupSource;
import io.varve.client.streams.ConsumerInfo;
import io.varve.client.streams.DeliveredEvent;
import io.varve.client.streams.ParkedEvent;
import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.server.config.Durations;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Consumer groups as lines of JSON. The members are named as in the contract's {@code
 * ConsumerGroupInfo} and {@code ConsumerGroupSettings}, all on one level.
 */
final class GroupJson {
  private GroupJson() {}

  static String line(ConsumerGroupInfo info) {
    JsonLine line = new JsonLine().put("group", info.name());
    switch (info.group().source()) {
      case ConsumerGroupSource.OfStream source -> line.put("stream", source.stream());
      case ConsumerGroupSource.OfLog source -> line.putJson("query", json(source.query()));
    }
    line.put("checkpoint", info.checkpoint())
        .put("lag", info.lag())
        .put("in_flight", info.inFlight())
        .put("retrying", info.retrying())
        .put("parked", info.parked())
        .put("replaying", info.replaying())
        .put("deliveries_per_second", info.deliveriesPerSecond())
        .put("acks_per_second", info.acksPerSecond())
        .putJson("consumers", array(info.consumers().stream().map(GroupJson::json).toList()));
    ConsumerGroupInfo.Stop stop = info.stop();
    if (stop != null) {
      line.putJson(
          "stop",
          new JsonLine()
              .put("consumer", stop.consumer())
              .put("reason", stop.reason())
              .put("stopped_at", stop.stoppedAt())
              .put("position", stop.position())
              .end());
    }
    line.put("problem", info.problem());
    ConsumerGroupSettings settings = info.group().settings();
    return line.put("strategy", settings.strategy().name().toLowerCase(Locale.ROOT))
        .put("ack_timeout", Durations.format(settings.ackTimeout()))
        .put("max_retries", settings.maxRetries())
        .put("buffer_size", settings.bufferSize())
        .put("max_in_flight", settings.maxInFlight())
        .put("checkpoint_after_events", settings.checkpointAfterEvents())
        .put("checkpoint_after", Durations.format(settings.checkpointAfter()))
        .put("created_at", info.createdAt())
        .end();
  }

  static String line(ParkedEvent parked) {
    JsonLine line =
        new JsonLine()
            .put("position", parked.position())
            .put("stream", parked.stream())
            .put("version", parked.version())
            .put("reason", parked.reason())
            .put("retry_count", parked.retryCount())
            .put("parked_at", parked.parkedAt());
    if (parked.replaying()) {
      line.put("replaying", true);
    }
    if (parked.event() != null) {
      line.putJson("event", EventJson.readable(parked.event()));
    }
    return line.end();
  }

  /** The event, and how often it was tried before. */
  static String line(DeliveredEvent delivered) {
    JsonLine line = EventJson.begun(delivered.event());
    if (delivered.retryCount() > 0) {
      line.put("retry_count", delivered.retryCount());
    }
    if (delivered.replayed()) {
      line.put("replayed", true);
    }
    return line.end();
  }

  private static String json(ConsumerInfo consumer) {
    return new JsonLine()
        .put("name", consumer.name())
        .put("in_flight", consumer.inFlight())
        .put("credit", consumer.credit())
        .put("deliveries_per_second", consumer.deliveriesPerSecond())
        .put("acks_per_second", consumer.acksPerSecond())
        .put("connected_at", consumer.connectedAt())
        .end();
  }

  /** In the form that {@code --query} takes. */
  private static String json(Query query) {
    return new JsonLine()
        .putJson("items", array(query.items().stream().map(GroupJson::json).toList()))
        .end();
  }

  private static String json(QueryItem item) {
    return new JsonLine()
        .put("types", item.types())
        .put("tags", item.tags())
        .put("stream_prefixes", item.streamPrefixes())
        .put("categories", item.categories())
        .end();
  }

  private static String array(List<String> values) {
    return values.stream().collect(Collectors.joining(",", "[", "]"));
  }
}
