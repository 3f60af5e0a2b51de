package io.varve.server.api.umadb;

import io.varve.proto.umadb.v1.AppendRequest;
import io.varve.proto.umadb.v1.Event;
import io.varve.proto.umadb.v1.MetadataEntry;
import io.varve.proto.umadb.v1.QueryItem;
import io.varve.proto.umadb.v1.ReadRequest;
import io.varve.proto.umadb.v1.SubscribeRequest;
import io.varve.proto.umadb.v1.TrackingInfo;
import io.varve.server.api.grpc.Caller;
import io.varve.server.api.grpc.Checks;
import io.varve.server.api.grpc.Errors;
import io.varve.server.append.EncodedBody;
import io.varve.server.append.TransactCommand;
import io.varve.server.config.Limits;
import io.varve.server.event.AppendCondition;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Query;
import io.varve.server.event.StreamScope;
import io.varve.server.event.Tracking;
import io.varve.server.read.LogRead;
import io.varve.server.subscription.SubscriptionStart;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** From UmaDB's requests to what the core is asked: every field checked. Thread-safe. */
final class UmaDbRequests {
  private static final int DEFAULT_BATCH = 1_024;
  private static final int MAX_BATCH = 4_096;

  /**
   * How many types and tags a query may have once its tags of streams have become alternatives, for
   * each item that it may have: a short request must not become a large query.
   */
  private static final int TERMS_AN_ITEM = 100;

  private final Checks checks;
  private final Limits limits;
  private final InstantSource clock;
  private final Supplier<UUID> eventIds;

  /**
   * @param eventIds makes ids for events that come without one
   */
  UmaDbRequests(Limits limits, InstantSource clock, Supplier<UUID> eventIds) {
    this.checks = new Checks(limits);
    this.limits = limits;
    this.clock = clock;
    this.eventIds = eventIds;
  }

  // ---- append

  TransactCommand toCommand(AppendRequest request) {
    checks.count("events", request.getEventsCount(), limits.eventsPerAppend());
    Tracking tracking = request.hasTrackingInfo() ? tracking(request.getTrackingInfo()) : null;
    List<AppendCondition> conditions =
        request.hasCondition() ? List.of(condition(request.getCondition())) : List.of();
    return TransactCommand.of(parts(request, tracking), conditions, tracking, clock.instant());
  }

  private List<TransactCommand.Part> parts(AppendRequest request, @Nullable Tracking tracking) {
    if (request.getEventsCount() == 0) {
      return List.of();
    }
    List<NewEvent> events = new ArrayList<>(request.getEventsCount());
    Set<UUID> ids = new HashSet<>();
    for (int i = 0; i < request.getEventsCount(); i++) {
      NewEvent event = event("events[" + i + "]", request.getEvents(i));
      if (!ids.add(event.id())) {
        throw Errors.invalid(
            "events[" + i + "].uuid", "stands twice in this append: " + event.id());
      }
      events.add(event);
    }
    TransactCommand.Part part =
        TransactCommand.Part.of(StreamTag.HOME, new ExpectedVersion.Any(), events, tracking);
    long bytes = 0;
    for (EncodedBody body : part.events()) {
      bytes += body.encoded().length;
    }
    checks.size("events", bytes, limits.appendBytes());
    return List.of(part);
  }

  private NewEvent event(String field, Event event) {
    boolean fresh = event.getUuid().isEmpty();
    UUID id = fresh ? eventIds.get() : Checks.uuid(field + ".uuid", event.getUuid());
    String type = checks.text(field + ".event_type", event.getEventType(), limits.typeBytes());
    checks.size(field + ".data", event.getData().size(), limits.payloadBytes());
    return new NewEvent(
        id,
        fresh,
        type,
        event.getData().toByteArray(),
        "",
        metadata(field + ".metadata", event.getMetadataList()),
        checks.tags(field + ".tags", event.getTagsList()),
        null);
  }

  private Map<String, String> metadata(String field, List<MetadataEntry> entries) {
    Map<String, String> metadata = new LinkedHashMap<>();
    for (MetadataEntry entry : entries) {
      checks.text(field + " key", entry.getKey(), limits.metadataKeyBytes());
      if (metadata.put(entry.getKey(), entry.getValue()) != null) {
        throw Errors.invalid(field, "must not have a key twice, has \"" + entry.getKey() + "\"");
      }
    }
    return checks.metadata(field, metadata);
  }

  private AppendCondition condition(io.varve.proto.umadb.v1.AppendCondition condition) {
    Query query = query("condition.fail_if_events_match", condition.getFailIfEventsMatch());
    if (query.terms() > limits.conditionTerms()) {
      throw Errors.overLimit(
          "condition.fail_if_events_match", "terms in all", limits.conditionTerms(), query.terms());
    }
    Query readable = Caller.ofThisCall().readable(query);
    // What the server itself records about streams is nobody's fact, and the answer is to be the
    // same whoever asks.
    boolean facts = StreamScope.ALL_BUT_SYSTEM.covers(query);
    return new AppendCondition(
        facts ? readable : readable.within(StreamScope.ALL_BUT_SYSTEM),
        place(condition.getAfter()),
        null);
  }

  private Tracking tracking(TrackingInfo tracking) {
    return new Tracking(
        trackingSource("tracking_info.source", tracking.getSource()),
        Checks.placeOfEvent("tracking_info.position", tracking.getPosition()));
  }

  /** A consumer's name for a source of its own. */
  String trackingSource(String field, String source) {
    return checks.trackingSource(field, source);
  }

  // ---- read and subscribe

  /**
   * The read; null when it asks for no event at all, which the core has no words for: there 0
   * stands for "not given".
   */
  @SuppressWarnings("deprecation") // the deprecated field is refused
  @Nullable LogRead toRead(ReadRequest request) {
    if (request.getSubscribe()) {
      throw Errors.invalid("subscribe", "must not be true: call Subscribe instead");
    }
    Query query = Caller.ofThisCall().visible(query("query", request.getQuery()));
    boolean backwards = request.getBackwards();
    boolean nothing =
        (request.hasLimit() && request.getLimit() == 0)
            || (backwards && request.hasStart() && request.getStart() == 0);
    return nothing
        ? null
        : new LogRead(
            query,
            place(request.getStart()),
            0,
            null,
            null,
            backwards,
            Integer.toUnsignedLong(request.getLimit()));
  }

  Query query(SubscribeRequest request) {
    return Caller.ofThisCall().visible(query("query", request.getQuery()));
  }

  SubscriptionStart start(SubscribeRequest request) {
    return new SubscriptionStart.After(place(request.getAfter()));
  }

  /** How many events a message may have. */
  static int batchSize(boolean given, int size) {
    return given ? Math.clamp(Integer.toUnsignedLong(size), 1, MAX_BATCH) : DEFAULT_BATCH;
  }

  private Query query(String field, io.varve.proto.umadb.v1.Query query) {
    if (query.getItemsCount() == 0) {
      return Query.everything();
    }
    checks.count(field + ".items", query.getItemsCount(), limits.queryItems());
    List<Query.Item> items = new ArrayList<>(query.getItemsCount());
    long terms = 0;
    for (int i = 0; i < query.getItemsCount(); i++) {
      QueryItem item = query.getItems(i);
      String prefix = field + ".items[" + i + "].";
      Set<String> types =
          new LinkedHashSet<>(checks.entries(prefix + "types", item.getTypesList()));
      Set<String> tags = new LinkedHashSet<>(checks.entries(prefix + "tags", item.getTagsList()));
      long alternatives = StreamTag.alternatives(tags);
      terms += alternatives * (types.size() + tags.size());
      atMost(limits.queryItems(), field, "items", items.size() + alternatives);
      atMost((long) TERMS_AN_ITEM * limits.queryItems(), field, "types and tags in all", terms);
      items.addAll(StreamTag.items(types, tags));
    }
    return new Query(items);
  }

  private static void atMost(long limit, String field, String unit, long actual) {
    if (actual > limit) {
      throw Errors.overLimit(
          field, unit + ", each item again for each of its tags of streams", limit, actual);
    }
  }

  /** A position; the wire has 64 bits without a sign, and what the log never reaches is one. */
  private static long place(long position) {
    return position < 0 ? Long.MAX_VALUE : position;
  }
}
