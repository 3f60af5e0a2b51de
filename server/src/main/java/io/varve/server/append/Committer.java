package io.varve.server.append;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.Position;
import io.varve.server.event.StreamId;
import io.varve.server.event.StreamVersion;
import io.varve.server.storage.AssignedEvent;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventPage;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventStorage;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StreamHead;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides appends, one after the other: commands in, events and answers out. No thread, no clock,
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
   * dropped, and its heads go to the cache.
   */
  private final EventStorage storage;
  private final Map<StreamId, StreamHead> cachedHeads;

  private Batch open;
  private @Nullable Batch beingWritten;

  private long lastPosition;
  private long lastStreamNumber;
  private Instant lastRecordedAt;

  private static final StreamHead NO_STREAM = new StreamHead(0, 0);

  Committer(EventStorage storage, int maxCachedHeads) {
    this.storage = storage;
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
  void decide(AppendCommand command, Consumer<AppendOutcome> callback) {
    open.answers().add(new Batch.Answer(callback, decide(command), command.bytes()));
  }

  private AppendOutcome decide(AppendCommand command) {
    AppendOutcome earlier = outcomeOfEarlierTry(command);
    if (earlier != null) {
      return earlier;
    }
    StreamHead head = head(command.stream());
    if (!command.expected().holdsAt(head.version())) {
      return conflict(command.stream(), command.expected(), head.version());
    }
    return accept(command, head);
  }

  private static AppendOutcome conflict(
      StreamId stream, ExpectedVersion expected, long actualVersion) {
    return new AppendOutcome.Conflict(stream, expected, actualVersion);
  }

  private AppendOutcome accept(AppendCommand command, StreamHead head) {
    long number = head.number() == 0 ? ++lastStreamNumber : head.number();
    long version = head.version();
    if (command.proposedAt().isAfter(lastRecordedAt)) {
      lastRecordedAt = command.proposedAt();
    }
    for (AppendCommand.Body body : command.events()) {
      version++;
      lastPosition++;
      UUID id = body.event().id();
      open.commit()
          .add(
              new AssignedEvent(
                  command.stream(),
                  number,
                  version,
                  lastPosition,
                  lastRecordedAt,
                  id,
                  body.event().type(),
                  body.event().tags(),
                  body.encoded()));
      open.ids()
          .put(
              id,
              new Batch.Accepted(
                  command.stream(), new EventPlace(lastPosition, number, version), lastRecordedAt));
    }
    open.heads().put(command.stream(), new StreamHead(number, version));
    return new AppendOutcome.Appended(
        new StreamVersion(version), new Position(lastPosition), lastRecordedAt, false);
  }

  // ---- idempotency

  /**
   * The answer to an append some of whose event ids are in the store: the original result when all
   * are there, in this stream, in this order, next to one another. Null when none is there.
   */
  private @Nullable AppendOutcome outcomeOfEarlierTry(AppendCommand command) {
    int found = 0;
    Batch.@Nullable Accepted first = null;
    Batch.@Nullable Accepted previous = null;
    @Nullable UUID firstId = null;
    boolean sameAppend = true;
    int index = 0;
    for (AppendCommand.Body body : command.events()) {
      Batch.Accepted accepted = body.event().freshId() ? null : accepted(body.event().id());
      if (accepted != null) {
        found++;
        if (first == null) {
          first = accepted;
          firstId = body.event().id();
          sameAppend = index == 0 && accepted.stream().equals(command.stream());
        } else {
          sameAppend &= previous != null && follows(previous.place(), accepted.place());
        }
      }
      previous = accepted;
      index++;
    }
    if (first == null || firstId == null) {
      return null;
    }
    if (sameAppend && found == command.events().size() && previous != null) {
      return new AppendOutcome.Appended(
          new StreamVersion(previous.place().version()),
          new Position(previous.place().position()),
          previous.recordedAt(),
          true);
    }
    return new AppendOutcome.EventIdTaken(
        firstId, first.stream(), new Position(first.place().position()));
  }

  private static boolean follows(EventPlace previous, EventPlace place) {
    return place.streamNumber() == previous.streamNumber()
        && place.version() == previous.version() + 1;
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
    EventPage page = storage.readLog(place.position(), place.position(), 1);
    if (page.isEmpty()) {
      throw new DamagedDataException(
          place.position(), "event " + id + " has a place in the index but none in the log");
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
      if (head != null) {
        cachedHeads.put(stream, head);
      }
    }
    return head == null ? NO_STREAM : head;
  }
}
