package io.varve.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.GetEventRequest;
import io.varve.proto.v1.GetTrackingRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Query;
import io.varve.proto.v1.QueryItem;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.StreamAppend;
import io.varve.proto.v1.TransactRequest;
import io.varve.proto.v1.TransactResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What a server has promised to several writers, and the check that it has kept its word. Writers
 * mark each event with its append and its place in it, so that a torn append can be told.
 */
final class Ledger {
  /** Metadata of each event: which append it belongs to, and {@code index/count} within it. */
  static final String APPEND = "append";

  static final String PART = "part";

  /** Metadata of events that are written with progress: for what source, and how far. */
  static final String SOURCE = "source";

  static final String PROGRESS = "progress";

  /** Each event has this tag of its writer. */
  static final String WRITER_TAG = "writer:";

  /** An event's place, as the server has told it. */
  record Place(String id, String stream, long version, long position) {}

  private final LongSupplier moment;
  private final Map<String, Place> promised = new ConcurrentHashMap<>();

  /** When each event was promised for the first time, by its id. */
  private final Map<String, Long> moments = new ConcurrentHashMap<>();

  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong deduplicated = new AtomicLong();
  private final AtomicLong transactions = new AtomicLong();

  /** The log as it was checked last, in order. */
  private volatile List<Place> log = List.of();

  private Map<String, List<Place>> byTag = Map.of();
  private Map<String, Long> bySource = Map.of();

  private int checks;

  Ledger() {
    this(() -> 0);
  }

  /**
   * @param moment tells how late it is, in whatever unit; asked after each promise
   */
  Ledger(LongSupplier moment) {
    this.moment = moment;
  }

  /** What had been promised by a moment, to be checked against a store of that moment. */
  Ledger asOf(long latest) {
    Ledger ledger = new Ledger();
    moments.forEach(
        (id, promisedAt) -> {
          if (promisedAt <= latest) {
            ledger.promised.put(id, promised.get(id));
          }
        });
    ledger.refused.addAll(refused);
    return ledger;
  }

  /** How many events have been promised to be there. */
  int promises() {
    return promised.size();
  }

  /** An append was acknowledged. */
  void acknowledge(AppendRequest append, AppendResponse answer) {
    long now = moment.getAsLong();
    int count = append.getEventsCount();
    for (int i = 0; i < count; i++) {
      NewEvent event = append.getEvents(i);
      long before = count - 1L - i;
      Place place =
          new Place(
              event.getId(),
              append.getStream(),
              answer.getVersion() - before,
              answer.getPosition() - before);
      Place earlier = promised.put(event.getId(), place);
      moments.putIfAbsent(event.getId(), now);
      assertThat(earlier).as("an event is promised one place").isIn(null, place);
    }
    acknowledged.incrementAndGet();
    if (answer.getDeduplicated()) {
      deduplicated.incrementAndGet();
    }
  }

  /** A transaction with events for each of its streams was acknowledged. */
  void acknowledge(TransactRequest transact, TransactResponse answer) {
    long now = moment.getAsLong();
    long position = answer.getPosition();
    for (int s = transact.getStreamsCount() - 1; s >= 0; s--) {
      StreamAppend part = transact.getStreams(s);
      assertThat(answer.getStreams(s).getStream()).isEqualTo(part.getStream());
      long version = answer.getStreams(s).getVersion();
      for (int i = part.getEventsCount() - 1; i >= 0; i--) {
        Place place = new Place(part.getEvents(i).getId(), part.getStream(), version--, position--);
        Place earlier = promised.put(place.id(), place);
        moments.putIfAbsent(place.id(), now);
        assertThat(earlier).as("an event is promised one place").isIn(null, place);
      }
    }
    acknowledged.incrementAndGet();
    transactions.incrementAndGet();
    if (answer.getDeduplicated()) {
      deduplicated.incrementAndGet();
    }
  }

  /** A transaction was refused for good: nothing of it may ever be seen. */
  void refuse(TransactRequest transact) {
    transact
        .getStreamsList()
        .forEach(part -> part.getEventsList().forEach(event -> refused.add(event.getId())));
  }

  /** An append was refused for good: nothing of it may ever be seen. */
  void refuse(AppendRequest append) {
    append.getEventsList().forEach(event -> refused.add(event.getId()));
  }

  long acknowledged() {
    return acknowledged.get();
  }

  /** The whole log, as of the last check. */
  List<Place> log() {
    return log;
  }

  /** What has each tag, as of the last check. */
  Map<String, List<Place>> tagged() {
    return byTag;
  }

  /** How far each source is, as of the last check. */
  Map<String, Long> progress() {
    return bySource;
  }

  /** Reads everything there is, in every way there is, and compares. */
  void check(EventStoreGrpc.EventStoreBlockingStub store, Follower follower, Random random) {
    List<Place> read = new ArrayList<>();
    Map<String, List<Place>> streams = new HashMap<>();
    Set<String> ids = new HashSet<>();
    List<String> parts = new ArrayList<>();
    Map<String, Long> progress = new HashMap<>();
    Map<String, List<Place>> tagged = new HashMap<>();
    store
        .readLog(ReadLogRequest.getDefaultInstance())
        .forEachRemaining(
            page -> {
              for (RecordedEvent event : page.getEventsList()) {
                Place place = placeOf(event);
                read.add(place);
                assertThat(place.position()).isEqualTo(read.size());
                List<Place> stream =
                    streams.computeIfAbsent(place.stream(), _ -> new ArrayList<>());
                stream.add(place);
                assertThat(place.version()).isEqualTo(stream.size());
                assertThat(ids.add(place.id())).as("once: " + place).isTrue();
                parts.add(event.getMetadataOrThrow(APPEND) + " " + event.getMetadataOrThrow(PART));
                for (String tag : event.getTagsList()) {
                  tagged.computeIfAbsent(tag, _ -> new ArrayList<>()).add(place);
                }
                if (event.containsMetadata(SOURCE)) {
                  progress.put(
                      event.getMetadataOrThrow(SOURCE),
                      Long.valueOf(event.getMetadataOrThrow(PROGRESS)));
                }
              }
            });
    promised.values().forEach(place -> assertThat(at(read, place.position())).isEqualTo(place));
    assertThat(refused).noneMatch(ids::contains);
    assertWholeAppends(parts);
    assertThat(read.subList(0, Math.min(log.size(), read.size())))
        .as("what was in the log stays there")
        .isEqualTo(log);
    streams.forEach((name, events) -> assertThat(stream(store, name)).isEqualTo(events));
    tagged.forEach((tag, events) -> assertThat(tagged(store, tag)).as(tag).isEqualTo(events));
    progress.forEach(
        (source, reached) ->
            assertThat(
                    store
                        .getTracking(GetTrackingRequest.newBuilder().setSource(source).build())
                        .getPosition())
                .as("the progress of %s, as its last transaction in the log has it", source)
                .isEqualTo(reached));
    for (int i = 0; i < 50 && !read.isEmpty(); i++) {
      Place place = read.get(random.nextInt(read.size()));
      assertThat(
              placeOf(
                  store
                      .getEvent(GetEventRequest.newBuilder().setId(place.id()).build())
                      .getEvent()))
          .isEqualTo(place);
    }
    log = List.copyOf(read);
    byTag = Map.copyOf(tagged);
    bySource = Map.copyOf(progress);
    follower.isAtTheBeginningOf(read);
    checks++;
  }

  private static Place at(List<Place> read, long position) {
    assertThat(position)
        .as("an acknowledged position is in the log")
        .isBetween(1L, (long) read.size());
    return read.get((int) position - 1);
  }

  /** All events of an append stand next to one another, in order, and none is missing. */
  private static void assertWholeAppends(List<String> parts) {
    for (int i = 0; i < parts.size(); ) {
      String first = parts.get(i);
      String append = first.substring(0, first.indexOf(' '));
      int count = Integer.parseInt(first.substring(first.indexOf('/') + 1));
      for (int part = 0; part < count; part++) {
        assertThat(i + part)
            .as("the whole append " + append + " is there")
            .isLessThan(parts.size());
        assertThat(parts.get(i + part)).isEqualTo(append + " " + part + "/" + count);
      }
      i += count;
    }
  }

  private static List<Place> stream(EventStoreGrpc.EventStoreBlockingStub store, String name) {
    List<Place> events = new ArrayList<>();
    store
        .readStream(ReadStreamRequest.newBuilder().setStream(name).build())
        .forEachRemaining(
            page -> page.getEventsList().forEach(event -> events.add(placeOf(event))));
    return events;
  }

  /** What the index of tags gives. */
  private static List<Place> tagged(EventStoreGrpc.EventStoreBlockingStub store, String tag) {
    List<Place> events = new ArrayList<>();
    store
        .readLog(
            ReadLogRequest.newBuilder()
                .setQuery(Query.newBuilder().addItems(QueryItem.newBuilder().addTags(tag)))
                .build())
        .forEachRemaining(
            page -> page.getEventsList().forEach(event -> events.add(placeOf(event))));
    return events;
  }

  static Place placeOf(RecordedEvent event) {
    return new Place(event.getId(), event.getStream(), event.getVersion(), event.getPosition());
  }

  @Override
  public String toString() {
    return checks
        + " checks, "
        + log.size()
        + " events, "
        + acknowledged
        + " writes acknowledged, "
        + transactions
        + " of them transactions, "
        + deduplicated
        + " deduplicated";
  }
}
