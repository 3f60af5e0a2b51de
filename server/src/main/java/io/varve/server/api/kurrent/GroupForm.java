package io.varve.server.api.kurrent;

import com.google.protobuf.InvalidProtocolBufferException;
import io.varve.proto.kurrent.FilterOptions;
import io.varve.proto.kurrent.StreamIdentifier;
import io.varve.proto.kurrent.groups.GroupOptions;
import io.varve.proto.kurrent.groups.Settings;
import io.varve.proto.kurrent.groups.SourceAll;
import io.varve.proto.kurrent.groups.SourceStream;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.Checks;
import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSettings;
import io.varve.server.group.GroupSource;
import io.varve.server.group.GroupStart;
import io.varve.server.group.GroupStrategy;
import io.varve.server.security.Action;
import io.varve.server.security.StreamRight;
import io.varve.server.storage.StreamChange;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/**
 * From the requests of groups to Varve's definitions. What this protocol says of a group and Varve
 * has no use for stands in the group's attributes.
 */
final class GroupForm {
  /** The attribute that has the source by the protocol's name for it. */
  static final String SOURCE = "kurrentdb-source";

  /** The attribute that has the settings, as Base64 of the message. */
  private static final String SETTINGS = "kurrentdb-settings";

  /** The attribute that has the filter, as Base64 of the message. */
  private static final String FILTER = "kurrentdb-filter";

  private static final int MAX_NAME_BYTES = 256;
  private static final Duration USUAL_ACK_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration USUAL_CHECKPOINT_AFTER = Duration.ofSeconds(2);
  private static final int USUAL_BUFFER = 500;
  private static final int USUAL_CHECKPOINT_EVENTS = 1_000;
  private static final long NANOS_A_TICK = 100;

  private static final String ROUND_ROBIN = "RoundRobin";
  private static final String SINGLE = "DispatchToSingle";
  private static final String PINNED = "Pinned";
  private static final String PINNED_BY_CORRELATION = "PinnedByCorrelation";

  private final Checks checks;

  GroupForm(Checks checks) {
    this.checks = checks;
  }

  // ---- names

  GroupName name(GroupOptions options) {
    String source =
        switch (options.getStreamOptionCase()) {
          case STREAM -> stream(options.getStream().getStreamIdentifier());
          case ALL -> GroupName.ALL;
          case STREAMOPTION_NOT_SET -> stream(options.getStreamIdentifier());
        };
    return name(source, options.getGroupName());
  }

  GroupName name(StreamIdentifier stream, String group) {
    return name(stream(stream), group);
  }

  GroupName onLog(String group) {
    return name(GroupName.ALL, group);
  }

  private GroupName name(String source, String group) {
    String own = checks.text("group_name", group, MAX_NAME_BYTES);
    if (!GroupName.isOwn(own)) {
      throw KurrentErrors.invalid("group_name", "must not begin with : or have :: in it");
    }
    return new GroupName(source, own);
  }

  private String stream(StreamIdentifier stream) {
    return Wire.stream(checks, stream).value();
  }

  // ---- definitions

  /**
   * A group to be created.
   *
   * @param maker reads what the group is to deliver, which is not asked again of its consumers
   * @param headPosition the newest position of the log, which no group begins behind
   */
  GroupDefinition definition(
      GroupName name, GroupOptions options, Caller maker, long headPosition, Instant createdAt) {
    Map<String, String> attributes = attributes(name, options.getSettings());
    GroupSource source;
    if (options.getStreamOptionCase() == GroupOptions.StreamOptionCase.ALL) {
      SourceAll all = options.getAll();
      RecordFilter filter = RecordFilter.everything();
      if (all.getFilterOptionCase() == SourceAll.FilterOptionCase.FILTER) {
        filter = RecordFilter.of(all.getFilter());
        attributes.put(FILTER, Base64.getEncoder().encodeToString(all.getFilter().toByteArray()));
      }
      source = new GroupSource.OfLog(filter.queryFor(maker));
    } else {
      source =
          switch (StreamKind.of(new StreamId(name.source()))) {
            case StreamKind.Plain(StreamId stream) -> {
              maker.require(Action.READ, stream.value());
              yield new GroupSource.OfStream(stream);
            }
            case StreamKind.MetadataOf(StreamId stream) -> {
              maker.require(Action.READ, StreamRight.READ_METADATA, stream.value());
              yield new GroupSource.OfLog(StreamChange.changesOf(stream));
            }
            case StreamKind.Links links -> new GroupSource.OfLog(links.query());
          };
    }
    if (source instanceof GroupSource.OfLog(Query query) && !isOfChanges(name)) {
      maker.requireToReadAllForOthers(query);
    }
    return new GroupDefinition(
        name.whole(),
        source,
        start(name, options, source, headPosition),
        settings(name, options.getSettings()),
        createdAt,
        attributes);
  }

  private static boolean isOfChanges(GroupName name) {
    return StreamKind.of(new StreamId(name.source())) instanceof StreamKind.MetadataOf;
  }

  Map<String, String> attributes(GroupName name, Settings settings) {
    Map<String, String> attributes = new HashMap<>();
    attributes.put(SOURCE, name.source());
    attributes.put(
        SETTINGS,
        Base64.getEncoder()
            .encodeToString(
                settings.toBuilder()
                    .setConsumerStrategy(strategy(settings))
                    .build()
                    .toByteArray()));
    if (strategy(settings).equals(PINNED_BY_CORRELATION)) {
      attributes.put(GroupDefinition.PINNED_BY, CustomMetadata.CORRELATION_ID);
    }
    return attributes;
  }

  /** The attributes of a group after an update: its filter stays. */
  Map<String, String> attributes(GroupName name, Settings settings, GroupDefinition before) {
    Map<String, String> attributes = attributes(name, settings);
    String filter = before.attributes().get(FILTER);
    if (filter != null) {
      attributes.put(FILTER, filter);
    }
    return attributes;
  }

  private static GroupStart start(
      GroupName name, GroupOptions options, GroupSource source, long headPosition) {
    boolean byVersion = source instanceof GroupSource.OfStream;
    return switch (options.getStreamOptionCase()) {
      case STREAM -> {
        SourceStream stream = options.getStream();
        yield switch (stream.getRevisionOptionCase()) {
          case REVISION -> from(stream.getRevision(), byVersion);
          case START, REVISIONOPTION_NOT_SET -> new GroupStart.After(0);
          case END -> new GroupStart.Now();
        };
      }
      case STREAMOPTION_NOT_SET -> from(options.getSettings().getRevision(), byVersion);
      case ALL -> {
        SourceAll all = options.getAll();
        yield switch (all.getAllOptionCase()) {
          case POSITION -> {
            long commit = all.getPosition().getCommitPosition();
            long prepare = all.getPosition().getPreparePosition();
            if (commit < 0 && prepare < 0) {
              yield new GroupStart.Now();
            }
            if (commit < 0 || prepare < 0 || prepare > commit || commit > headPosition) {
              throw KurrentErrors.groupFailed(
                  name.source(),
                  name.group(),
                  "it cannot begin at position C:" + commit + "/P:" + prepare);
            }
            yield from(commit, false);
          }
          case START, ALLOPTION_NOT_SET -> new GroupStart.After(0);
          case END -> new GroupStart.Now();
        };
      }
    };
  }

  /** A group delivers its starting place first; the largest number stands for the end. */
  private static GroupStart from(long place, boolean byVersion) {
    if (place < 0) {
      return new GroupStart.Now();
    }
    return new GroupStart.After(byVersion ? place : Math.max(0, place - 1));
  }

  // ---- settings

  GroupSettings settings(GroupName name, Settings settings) {
    GroupStrategy strategy =
        switch (strategy(settings)) {
          case ROUND_ROBIN -> GroupStrategy.ROUND_ROBIN;
          case SINGLE -> GroupStrategy.SINGLE;
          case PINNED, PINNED_BY_CORRELATION -> GroupStrategy.PINNED;
          default ->
              throw KurrentErrors.groupFailed(
                  name.source(),
                  name.group(),
                  "Consumer strategy " + strategy(settings) + " does not exist.");
        };
    return new GroupSettings(
        strategy,
        within(ackTimeout(settings), GroupSettings.MIN_ACK_TIMEOUT, GroupSettings.MAX_ACK_TIMEOUT),
        Math.clamp(settings.getMaxRetryCount(), 0, GroupSettings.MAX_MAX_RETRIES),
        number(settings.getHistoryBufferSize(), USUAL_BUFFER, GroupSettings.MAX_BUFFER_SIZE),
        GroupSettings.MAX_MAX_IN_FLIGHT, // each consumer says for itself
        number(
            settings.getMaxCheckpointCount(),
            USUAL_CHECKPOINT_EVENTS,
            GroupSettings.MAX_CHECKPOINT_AFTER_EVENTS),
        within(
            checkpointAfter(settings),
            GroupSettings.MIN_CHECKPOINT_AFTER,
            GroupSettings.MAX_CHECKPOINT_AFTER));
  }

  static Duration ackTimeout(Settings settings) {
    return switch (settings.getMessageTimeoutCase()) {
      case MESSAGE_TIMEOUT_TICKS -> ticks(settings.getMessageTimeoutTicks(), USUAL_ACK_TIMEOUT);
      case MESSAGE_TIMEOUT_MS -> millis(settings.getMessageTimeoutMs(), USUAL_ACK_TIMEOUT);
      case MESSAGETIMEOUT_NOT_SET -> USUAL_ACK_TIMEOUT;
    };
  }

  static Duration checkpointAfter(Settings settings) {
    return switch (settings.getCheckpointAfterCase()) {
      case CHECKPOINT_AFTER_TICKS ->
          ticks(settings.getCheckpointAfterTicks(), USUAL_CHECKPOINT_AFTER);
      case CHECKPOINT_AFTER_MS -> millis(settings.getCheckpointAfterMs(), USUAL_CHECKPOINT_AFTER);
      case CHECKPOINTAFTER_NOT_SET -> USUAL_CHECKPOINT_AFTER;
    };
  }

  private static Duration ticks(long ticks, Duration ifZero) {
    return ticks <= 0
        ? ifZero
        : Duration.ofNanos(Math.min(ticks, Long.MAX_VALUE / NANOS_A_TICK) * NANOS_A_TICK);
  }

  private static Duration millis(int millis, Duration ifZero) {
    return millis <= 0 ? ifZero : Duration.ofMillis(millis);
  }

  private static Duration within(Duration value, Duration low, Duration high) {
    return value.compareTo(low) < 0 ? low : value.compareTo(high) > 0 ? high : value;
  }

  private static int number(int value, int ifZero, int most) {
    return value <= 0 ? ifZero : Math.min(value, most);
  }

  private static String strategy(Settings settings) {
    if (!settings.getConsumerStrategy().isEmpty()) {
      return settings.getConsumerStrategy();
    }
    return switch (settings.getNamedConsumerStrategy()) {
      case CONSUMER_STRATEGY_UNSPECIFIED -> SINGLE;
      case CONSUMER_STRATEGY_ROUND_ROBIN -> ROUND_ROBIN;
      case CONSUMER_STRATEGY_PINNED -> PINNED;
      case UNRECOGNIZED -> "number " + settings.getNamedConsumerStrategyValue();
    };
  }

  // ---- what was said

  /** The settings as they were said, or as a group of Varve's own API would have said them. */
  static Settings said(GroupDefinition group) {
    String said = group.attributes().get(SETTINGS);
    if (said != null) {
      try {
        return Settings.parseFrom(Base64.getDecoder().decode(said));
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        throw new IllegalStateException("the settings of group " + group.name(), e);
      }
    }
    GroupSettings settings = group.settings();
    return Settings.newBuilder()
        .setMaxRetryCount(settings.maxRetries())
        .setMaxCheckpointCount(settings.checkpointAfterEvents())
        .setHistoryBufferSize(settings.bufferSize())
        .setMessageTimeoutMs(millis(settings.ackTimeout()))
        .setCheckpointAfterMs(millis(settings.checkpointAfter()))
        .setConsumerStrategy(
            switch (settings.strategy()) {
              case ROUND_ROBIN -> ROUND_ROBIN;
              case SINGLE -> SINGLE;
              case PINNED -> PINNED;
            })
        .build();
  }

  private static int millis(Duration time) {
    return (int) Math.min(Integer.MAX_VALUE, time.toMillis());
  }

  /**
   * How a group's events are shown to its consumers; null for those that are not for it.
   *
   * @param consumer whose own right it is to see what links lead to
   */
  static EventViews.View view(GroupDefinition group, EventViews views, Caller consumer) {
    boolean resolve = said(group).getResolveLinks();
    String filter = group.attributes().get(FILTER);
    if (filter != null) {
      try {
        FilterOptions options = FilterOptions.parseFrom(Base64.getDecoder().decode(filter));
        return views.events(RecordFilter.of(options), resolve, consumer);
      } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
        throw new IllegalStateException("the filter of group " + group.name(), e);
      }
    }
    String source = group.attributes().get(SOURCE);
    return source != null
            && !source.equals(GroupName.ALL)
            && StreamKind.of(new StreamId(source)) instanceof StreamKind.Links links
        ? views.links(links, resolve)
        : views.events(RecordFilter.everything(), resolve, consumer);
  }
}
