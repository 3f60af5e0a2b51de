package io.varve.server.api.grpc;

import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import io.varve.proto.v1.ConsumerGroup;
import io.varve.proto.v1.ConsumerGroupSettings;
import io.varve.proto.v1.Nack;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStrategy;
import io.varve.server.group.NackAction;
import java.time.Instant;
import java.util.List;

/** From the requests of consumer groups to values: every field checked. Thread-safe. */
final class GroupRequests {
  private static final int MAX_NAME_BYTES = 256;
  private static final int MAX_CONSUMER_BYTES = 256;
  private static final int MAX_REASON_BYTES = 1_024;
  private static final int MAX_POSITIONS = 10_000;

  private final Checks checks;

  GroupRequests(Checks checks) {
    this.checks = checks;
  }

  String name(String field, String name) {
    return checks.text(field, name, MAX_NAME_BYTES);
  }

  String consumer(String field, String name) {
    return checks.optionalText(field, name, MAX_CONSUMER_BYTES);
  }

  /** The positions of an answer or of parked events. */
  List<Long> positions(String field, List<Long> positions) {
    checks.count(field, positions.size(), MAX_POSITIONS);
    for (int i = 0; i < positions.size(); i++) {
      Checks.place(field + "[" + i + "]", positions.get(i));
    }
    return positions;
  }

  NackAction action(Nack nack) {
    checks.prose("nack.reason", nack.getReason(), MAX_REASON_BYTES);
    return switch (nack.getAction()) {
      case NACK_ACTION_RETRY -> NackAction.RETRY;
      case NACK_ACTION_PARK -> NackAction.PARK;
      case NACK_ACTION_SKIP -> NackAction.SKIP;
      case NACK_ACTION_STOP -> NackAction.STOP;
      case NACK_ACTION_UNSPECIFIED, UNRECOGNIZED ->
          throw Errors.invalid(
              "nack.action",
              "must be NACK_ACTION_RETRY, NACK_ACTION_PARK, NACK_ACTION_SKIP or NACK_ACTION_STOP,"
                  + " was "
                  + nack.getActionValue());
    };
  }

  // ---- groups

  GroupDefinition definition(ConsumerGroup group, Instant createdAt) {
    String name = name("group.name", group.getName());
    GroupSource source =
        switch (group.getSourceCase()) {
          case STREAM -> new GroupSource.OfStream(checks.stream("group.stream", group.getStream()));
          case QUERY -> new GroupSource.OfLog(checks.query("group.query", group.getQuery()));
          case SOURCE_NOT_SET ->
              throw Errors.invalid("group.source", "must be set: stream or query");
        };
    GroupStart start =
        switch (group.getStartCase()) {
          case AFTER -> new GroupStart.After(Checks.place("group.after", group.getAfter()));
          case FROM_START, START_NOT_SET -> new GroupStart.After(0);
          case FROM_NOW -> new GroupStart.Now();
        };
    return new GroupDefinition(
        name, source, start, settings("group.settings.", group.getSettings()), createdAt);
  }

  /**
   * @param at what the fields' names are to be put behind
   */
  GroupSettings settings(String at, ConsumerGroupSettings settings) {
    GroupSettings defaults = GroupSettings.defaults();
    GroupStrategy strategy =
        switch (settings.getStrategy()) {
          case CONSUMER_STRATEGY_UNSPECIFIED, CONSUMER_STRATEGY_ROUND_ROBIN ->
              GroupStrategy.ROUND_ROBIN;
          case CONSUMER_STRATEGY_PINNED -> GroupStrategy.PINNED;
          case CONSUMER_STRATEGY_SINGLE -> GroupStrategy.SINGLE;
          case UNRECOGNIZED ->
              throw Errors.invalid(
                  at + "strategy",
                  "must be one of CONSUMER_STRATEGY_ROUND_ROBIN, CONSUMER_STRATEGY_PINNED and"
                      + " CONSUMER_STRATEGY_SINGLE, was "
                      + settings.getStrategyValue());
        };
    java.time.Duration ackTimeout =
        settings.hasAckTimeout()
            ? time(
                at + "ack_timeout",
                settings.getAckTimeout(),
                GroupSettings.MIN_ACK_TIMEOUT,
                GroupSettings.MAX_ACK_TIMEOUT)
            : defaults.ackTimeout();
    java.time.Duration checkpointAfter =
        settings.hasCheckpointAfter()
            ? time(
                at + "checkpoint_after",
                settings.getCheckpointAfter(),
                GroupSettings.MIN_CHECKPOINT_AFTER,
                GroupSettings.MAX_CHECKPOINT_AFTER)
            : defaults.checkpointAfter();
    return new GroupSettings(
        strategy,
        ackTimeout,
        settings.hasMaxRetries()
            ? number(
                at + "max_retries",
                settings.getMaxRetries(),
                "retries",
                GroupSettings.MAX_MAX_RETRIES)
            : defaults.maxRetries(),
        numberOr(
            defaults.bufferSize(),
            at + "buffer_size",
            settings.getBufferSize(),
            GroupSettings.MAX_BUFFER_SIZE),
        numberOr(
            defaults.maxInFlight(),
            at + "max_in_flight",
            settings.getMaxInFlight(),
            GroupSettings.MAX_MAX_IN_FLIGHT),
        numberOr(
            defaults.checkpointAfterEvents(),
            at + "checkpoint_after_events",
            settings.getCheckpointAfterEvents(),
            GroupSettings.MAX_CHECKPOINT_AFTER_EVENTS),
        checkpointAfter);
  }

  private static int numberOr(int ifZero, String field, int value, int max) {
    return value == 0 ? ifZero : number(field, value, "events", max);
  }

  private static int number(String field, int value, String unit, int max) {
    long unsigned = Integer.toUnsignedLong(value);
    if (unsigned > max) {
      throw Errors.overLimit(field, unit, max, unsigned);
    }
    return value;
  }

  private static java.time.Duration time(
      String field, Duration time, java.time.Duration min, java.time.Duration max) {
    if (!Durations.isValid(time)) {
      throw Errors.invalid(
          field,
          "must be a duration whose seconds and nanos have the same sign, was "
              + time.getSeconds()
              + " s, "
              + time.getNanos()
              + " ns");
    }
    java.time.Duration value = java.time.Duration.ofSeconds(time.getSeconds(), time.getNanos());
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw Errors.invalid(
          field,
          "must be from "
              + inWords(min)
              + " to "
              + inWords(max)
              + ", was "
              + Durations.toString(time));
    }
    return value;
  }

  private static String inWords(java.time.Duration time) {
    return time.toMillis() < 1_000 ? time.toMillis() + "ms" : time.toSeconds() + "s";
  }
}
