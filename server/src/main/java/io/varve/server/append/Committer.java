package io.varve.server.append;

import io.varve.server.append.StreamLifeCommand.Change;
import io.varve.server.event.AppendCondition;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.Position;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamLife;
import io.varve.server.event.StreamState;
import io.varve.server.event.StreamVersion;
import io.varve.server.event.Tracking;
import io.varve.server.query.MatchFinder;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.StreamHead;
import io.varve.server.storage.TimeSearch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides commands, one after the other: commands in, events and answers out. No thread, no clock,
 * no randomness: the same commands in the same order give the same log. Used by one thread at a
 * time.
 */
final class Committer {
  /*
   * What a decision sees is the store with everything accepted before it, written or not:
   *
   *   open batch   ->  batch being written  ->  cache of heads  ->  storage
   *
   * in this order. An id or a head of the batch being written is looked up there first, so it does not matter
   * whether storage has it yet. When the next batch is handed over, the one before is written: its overlay is
   * dropped, and its heads go to the cache. The finder needs no overlay: the index knows an event from the moment
   * at which it is added to a commit.
   */
  private final EventStorage storage;
  private final MatchFinder finder;
  private final TimeSearch times;
  private final Map<StreamId, StreamHead> cachedHeads;

  private Batch open;
  private @Nullable Batch beingWritten;

  private long lastPosition;
  private long lastStreamNumber;
  private Instant lastRecordedAt;

  Committer(EventStorage storage, int maxCachedHeads) {
    this.storage = storage;
    this.finder = new MatchFinder(storage);
    this.times = new TimeSearch(storage);
    this.cachedHeads =
        new LinkedHashMap<>(1024, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<StreamId, StreamHead> eldest) {
            return size() > maxCachedHeads;
          }
        };
    this.open = new Batch(storage.begin());
    this.lastPosition = storage.head().position();
    this.lastStreamNumber = storage.lastStreamNumber();
    this.lastRecordedAt = storage.lastRecordedAt();
  }

  /** The batch that decisions go into. */
  Batch open() {
    return open;
  }

  /**
   * Closes the open batch and begins the next. Only once the batch handed over before has been
   * written.
   */
  Batch handOver() {
    if (beingWritten != null) {
      cachedHeads.putAll(beingWritten.heads());
    }
    Batch full = open;
    beingWritten = full;
    open = new Batch(storage.begin());
    return full;
  }

  /**
   * Decides a command. Its answer waits in the open batch; its events, if it is accepted, with it.
   */
  void decide(Command command, Consumer<Outcome> callback) {
    Outcome outcome =
        switch (command) {
          case AppendCommand append -> decide(append);
          case TransactCommand transaction -> decide(transaction);
          case StreamLifeCommand change -> decide(change);
        };
    open.answers().add(new Batch.Answer(callback, outcome, command.bytes()));
  }

  // ---- appends

  private Outcome decide(AppendCommand command) {
    List<Batch.@Nullable Accepted> earlier = placesOf(command.events());
    if (!earlier.isEmpty()) {
      return outcomeOfEarlierTry(command, earlier);
    }
    StreamHead head = head(command.stream());
    Outcome refusal = refusal(command.stream(), command.expected(), head);
    if (refusal == null) {
      refusal = refusal(command.tracking());
    }
    if (refusal != null) {
      return refusal;
    }
    advanceTime(command.proposedAt());
    StreamHead after = record(command.stream(), head, command.events());
    track(command.tracking());
    return new Outcome.Appended(
        new StreamVersion(after.version()), new Position(lastPosition), lastRecordedAt, false);
  }

  /**
   * The answer to an append some of whose event ids are in the store: the original result when all
   * are there, in this stream, in this order, next to one another.
   */
  private static Outcome outcomeOfEarlierTry(
      AppendCommand command, List<Batch.@Nullable Accepted> earlier) {
    Batch.Accepted previous = null;
    for (Batch.Accepted accepted : earlier) {
      boolean follows =
          accepted != null
              && accepted.stream().equals(command.stream())
              && (previous == null || accepted.place().version() == previous.place().version() + 1);
      if (!follows) {
        return eventIdTaken(command.events(), earlier);
      }
      previous = accepted;
    }
    Batch.Accepted last = known(previous);
    return new Outcome.Appended(
        new StreamVersion(last.place().version()),
        new Position(last.place().position()),
        last.recordedAt(),
        true);
  }

  // ---- transactions

  private Outcome decide(TransactCommand command) {
    List<Batch.@Nullable Accepted> earlier = placesOf(command.events());
    if (!earlier.isEmpty()) {
      return outcomeOfEarlierTry(command, earlier);
    }
    Outcome refusal = refusal(command);
    if (refusal != null) {
      return refusal;
    }
    advanceTime(command.proposedAt());
    List<Outcome.Transacted.Written> written = new ArrayList<>();
    for (TransactCommand.Part part : command.parts()) {
      if (!part.events().isEmpty()) {
        StreamHead after = record(part.stream(), head(part.stream()), part.events());
        written.add(
            new Outcome.Transacted.Written(part.stream(), new StreamVersion(after.version())));
      }
    }
    track(command.tracking());
    return new Outcome.Transacted(
        written,
        written.isEmpty()
            ? null
            : new Outcome.Transacted.LastEvent(new Position(lastPosition), lastRecordedAt),
        false);
  }

  /** Why a transaction cannot be carried out; null when it can. */
  private @Nullable Outcome refusal(TransactCommand command) {
    for (TransactCommand.Part part : command.parts()) {
      Outcome refusal = refusal(part.stream(), part.expected(), head(part.stream()));
      if (refusal != null) {
        return refusal;
      }
    }
    int index = 0;
    for (AppendCondition condition : command.conditions()) {
      long match = firstMatch(condition);
      if (match != 0) {
        return new Outcome.ConditionFailed(index, new Position(match));
      }
      index++;
    }
    return refusal(command.tracking());
  }

  /**
   * The answer to a transaction some of whose event ids are in the store: the original result when
   * all are there, in the streams named, one after the other in the log.
   */
  private static Outcome outcomeOfEarlierTry(
      TransactCommand command, List<Batch.@Nullable Accepted> earlier) {
    List<Outcome.Transacted.Written> written = new ArrayList<>();
    Batch.Accepted previous = null;
    int index = 0;
    for (TransactCommand.Part part : command.parts()) {
      for (int i = 0; i < part.events().size(); i++) {
        Batch.Accepted accepted = earlier.get(index++);
        boolean follows =
            accepted != null
                && accepted.stream().equals(part.stream())
                && (previous == null
                    || accepted.place().position() == previous.place().position() + 1);
        if (!follows) {
          return eventIdTaken(command.events(), earlier);
        }
        previous = accepted;
      }
      if (!part.events().isEmpty()) {
        written.add(
            new Outcome.Transacted.Written(
                part.stream(), new StreamVersion(known(previous).place().version())));
      }
    }
    Batch.Accepted last = known(previous);
    return new Outcome.Transacted(
        written,
        new Outcome.Transacted.LastEvent(new Position(last.place().position()), last.recordedAt()),
        true);
  }

  private static Batch.Accepted known(Batch.@Nullable Accepted accepted) {
    if (accepted == null) {
      throw new IllegalStateException("an earlier try without events");
    }
    return accepted;
  }

  // ---- expectations, conditions, tracking

  /** Why a stream cannot be appended to under this expectation; null when it can. */
  private static @Nullable Outcome refusal(
      StreamId stream, ExpectedVersion expected, StreamHead head) {
    return switch (head.life()) {
      case TOMBSTONED -> new Outcome.StreamTombstoned(stream);
      case DELETED ->
          switch (expected) {
            case ExpectedVersion.StreamExists _ -> new Outcome.StreamDeleted(stream);
            // Its versions go on after the last one, and to whoever did not know it there is no
            // stream.
            case ExpectedVersion.Exactly _ ->
                expected.holdsAt(head.version()) || expected.holdsAt(0)
                    ? null
                    : new Outcome.Conflict(stream, expected, head.version());
            case ExpectedVersion.NoStream _, ExpectedVersion.Any _ -> null;
          };
      case OPEN ->
          expected.holdsAt(head.version())
              ? null
              : new Outcome.Conflict(stream, expected, head.version());
    };
  }

  /** The position of the first event that breaks a condition; 0 when it holds. */
  private long firstMatch(AppendCondition condition) {
    if (condition.afterPosition() >= lastPosition) {
      return 0;
    }
    long from = condition.afterPosition() + 1;
    Instant since = condition.since();
    if (since == null) {
      return finder.firstMatch(condition.query(), from, Long.MAX_VALUE);
    }
    // The newest match decides. Which is the first one within the time matters only to the message.
    if (lastRecordedAt.isBefore(since)) {
      return 0;
    }
    long newest = finder.lastMatch(condition.query(), from, Long.MAX_VALUE);
    if (newest == 0 || recordedAt(newest).isBefore(since)) {
      return 0;
    }
    from = Math.max(from, times.firstPositionSince(since, storage.head().position()));
    long match = finder.firstMatch(condition.query(), from, newest);
    while (match != 0 && recordedAt(match).isBefore(since)) { // only among what is not written yet
      match = finder.firstMatch(condition.query(), match + 1, newest);
    }
    return match;
  }

  private Instant recordedAt(long position) {
    Instant recordedAt = open.recordedAt(position);
    if (recordedAt == null && beingWritten != null) {
      recordedAt = beingWritten.recordedAt(position);
    }
    if (recordedAt != null) {
      return recordedAt;
    }
    EventPage page = storage.readOutlines(position, position, 1);
    return page.isEmpty()
        ? Instant.MIN // reclaimed a moment ago
        : page.runs().getFirst().events().getFirst().summary().recordedAt();
  }

  /** Why a consumer's progress cannot be stored; null when it can, or when there is none. */
  private @Nullable Outcome refusal(@Nullable Tracking tracking) {
    if (tracking == null) {
      return null;
    }
    Long stored = open.tracking().get(tracking.source());
    if (stored == null && beingWritten != null) {
      stored = beingWritten.tracking().get(tracking.source());
    }
    if (stored == null) {
      stored = storage.trackingWritten(tracking.source());
    }
    return tracking.position() > stored
        ? null
        : new Outcome.TrackingNotRising(tracking.source(), stored);
  }

  private void track(@Nullable Tracking tracking) {
    if (tracking != null) {
      open.track(tracking);
    }
  }

  // ---- stream life

  private Outcome decide(StreamLifeCommand command) {
    Change.Describe described = command.change() instanceof Change.Describe one ? one : null;
    if (described != null && described.mayBeRepeated()) {
      Batch.Accepted earlier = accepted(command.eventId());
      if (earlier != null) {
        return earlier.stream().equals(StreamChange.STREAM)
            ? new Outcome.StreamChanged(new Position(earlier.place().position()))
            : new Outcome.EventIdTaken(
                command.eventId(), earlier.stream(), new Position(earlier.place().position()));
      }
    }
    StreamHead head = head(command.stream());
    Outcome refusal = refusal(command, head);
    if (refusal != null) {
      return refusal;
    }
    advanceTime(command.proposedAt());
    StreamState before = head.state();
    long version = head.version();
    StreamState after;
    StreamChange.Kind kind;
    switch (command.change()) {
      case Change.SetRetention retention -> {
        kind = StreamChange.Kind.RETENTION_SET;
        after =
            before.retaining(retention.maxCount(), retention.maxAge(), firstKept(command, head));
      }
      case Change.Truncate truncate -> {
        kind = StreamChange.Kind.TRUNCATED;
        after = before.truncatedBefore(truncate.before());
      }
      case Change.Delete _ -> {
        kind = StreamChange.Kind.DELETED;
        after = before.deletedAt(version);
      }
      case Change.Tombstone _ -> {
        kind = StreamChange.Kind.TOMBSTONED;
        after = before.tombstonedAt(version);
      }
      case Change.Describe all -> {
        StreamState kept =
            before
                .retaining(all.maxCount(), all.maxAge(), firstKept(command, head))
                .truncatedBefore(Math.min(all.truncateBefore(), version + 1));
        boolean hides = all.delete() && head.exists();
        kind = hides ? StreamChange.Kind.DELETED : StreamChange.Kind.RETENTION_SET;
        after = hides ? kept.deletedAt(version) : kept;
      }
    }
    StreamHead changed = head.in(after);
    StreamChange change =
        new StreamChange(
            kind,
            command.stream(),
            changed,
            command.reason(),
            command.by(),
            described == null ? null : described.description());
    NewEvent event =
        new NewEvent(
            command.eventId(),
            true, // or looked for above
            kind.eventType(),
            change.toJson(),
            StreamChange.CONTENT_TYPE,
            described == null ? Map.of() : described.metadata(),
            List.of(change.tag()),
            null);
    record(
        StreamChange.STREAM,
        head(StreamChange.STREAM),
        EncodedBody.encode(StreamChange.STREAM, List.of(event), null));
    open.heads().put(command.stream(), changed);
    if (described != null) {
      open.describe(change);
    }
    return new Outcome.StreamChanged(new Position(lastPosition));
  }

  private @Nullable Outcome refusal(StreamLifeCommand command, StreamHead head) {
    StreamId stream = command.stream();
    if (head.life() == StreamLife.TOMBSTONED) {
      return new Outcome.StreamTombstoned(stream);
    }
    boolean needsEvents =
        switch (command.change()) {
          case Change.Truncate _, Change.Delete _ -> true;
          case Change.SetRetention _, Change.Tombstone _, Change.Describe _ -> false;
        };
    if (needsEvents && !head.exists()) {
      return new Outcome.StreamNotFound(stream);
    }
    if (needsEvents && head.life() == StreamLife.DELETED) {
      return new Outcome.StreamDeleted(stream);
    }
    Long expected = command.expectedVersion();
    if (expected != null && expected != head.version()) {
      return new Outcome.Conflict(stream, new ExpectedVersion.Exactly(expected), head.version());
    }
    if (command.change() instanceof Change.Describe described) {
      Long known = described.lastChange();
      long last = finder.lastMatch(StreamChange.changesOf(stream), 1, Long.MAX_VALUE);
      if (known != null && known != last) {
        return new Outcome.Conflict(stream, new ExpectedVersion.Exactly(known), last);
      }
    }
    if (command.change() instanceof Change.Truncate truncate) {
      long lowest = Math.max(1, head.state().truncateBefore());
      long highest = head.version() + 1;
      if (truncate.before() < lowest || truncate.before() > highest) {
        return new Outcome.TruncateOutOfRange(stream, lowest, highest);
      }
    }
    return null;
  }

  /** What is hidden before a retention is changed stays hidden afterwards. */
  private long firstKept(StreamLifeCommand command, StreamHead head) {
    long byCount = head.state().firstKeptByCount(head.version());
    if (head.state().maxAge() == null || byCount > head.version()) {
      return byCount;
    }
    // Events that are not written yet are as young as this command.
    StreamHead written = storage.streamHead(command.stream());
    return written.exists()
        ? Math.max(byCount, times.firstKept(written.in(head.state()), lastRecordedAt))
        : byCount;
  }

  // ---- accepting

  private void advanceTime(Instant proposedAt) {
    if (proposedAt.isAfter(lastRecordedAt)) {
      lastRecordedAt = proposedAt;
    }
  }

  /** Gives events their versions and positions; the stream as it then stands. */
  private StreamHead record(StreamId stream, StreamHead before, List<EncodedBody> events) {
    long number = before.number() == 0 ? ++lastStreamNumber : before.number();
    Instant createdAt = before.exists() ? before.createdAt() : lastRecordedAt;
    long version = before.version();
    for (EncodedBody body : events) {
      version++;
      lastPosition++;
      open.add(
          new AssignedEvent(
              stream,
              number,
              version,
              lastPosition,
              lastRecordedAt,
              body.event().id(),
              body.event().type(),
              body.event().tags(),
              body.encoded()));
    }
    StreamHead after =
        new StreamHead(number, version, lastPosition, lastRecordedAt, createdAt, before.state());
    open.heads().put(stream, after);
    return after;
  }

  // ---- event ids

  /** Where events with these ids are, null for none; empty when none of them is in the store. */
  private List<Batch.@Nullable Accepted> placesOf(List<EncodedBody> events) {
    List<Batch.@Nullable Accepted> places = List.of();
    for (int i = 0; i < events.size(); i++) {
      NewEvent event = events.get(i).event();
      Batch.Accepted accepted = event.freshId() ? null : accepted(event.id());
      if (accepted != null && places.isEmpty()) {
        places = new ArrayList<Batch.@Nullable Accepted>(Collections.nCopies(i, null));
        places.add(accepted);
      } else if (!places.isEmpty()) {
        places.add(accepted);
      }
    }
    return places;
  }

  private static Outcome eventIdTaken(
      List<EncodedBody> events, List<Batch.@Nullable Accepted> earlier) {
    for (int i = 0; i < events.size(); i++) {
      Batch.Accepted accepted = earlier.get(i);
      if (accepted != null) {
        return new Outcome.EventIdTaken(
            events.get(i).event().id(),
            accepted.stream(),
            new Position(accepted.place().position()));
      }
    }
    throw new IllegalStateException("none of the ids is taken");
  }

  private Batch.@Nullable Accepted accepted(UUID id) {
    Batch.Accepted accepted = open.ids().get(id);
    if (accepted == null && beingWritten != null) {
      accepted = beingWritten.ids().get(id);
    }
    if (accepted != null) {
      return accepted;
    }
    EventPlace place = storage.placeOf(id);
    if (place == null) {
      return null;
    }
    EventPage page = storage.readOutlines(place.position(), place.position(), 1);
    if (page.isEmpty()) {
      return null; // reclaimed a moment ago, and with it the memory of its id
    }
    EventSummary event = page.runs().getFirst().events().getFirst().summary();
    return new Batch.Accepted(event.stream(), place, event.recordedAt());
  }

  // ---- heads

  private StreamHead head(StreamId stream) {
    StreamHead head = open.heads().get(stream);
    if (head == null && beingWritten != null) {
      head = beingWritten.heads().get(stream);
    }
    if (head == null) {
      head = cachedHeads.get(stream);
    }
    if (head == null) {
      head = storage.streamHead(stream);
      if (head.exists()) {
        cachedHeads.put(stream, head);
      }
    }
    return head;
  }
}
