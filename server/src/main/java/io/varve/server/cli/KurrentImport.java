package io.varve.server.cli;

import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventIdTakenException;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.InvalidRequestException;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StreamChange;
import io.varve.client.streams.StreamDeletedException;
import io.varve.client.streams.StreamInfo;
import io.varve.client.streams.StreamLife;
import io.varve.client.streams.StreamTombstonedException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import io.varve.client.streams.VersionConflictException;
import io.varve.server.api.kurrent.CustomMetadata;
import io.varve.server.api.kurrent.EventIds;
import io.varve.server.cli.KurrentProgress.Newest;
import io.varve.server.migrate.KurrentSource;
import io.varve.server.migrate.SourceEvent;
import io.varve.server.migrate.SourceException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the events of a running KurrentDB, in the order of its log.
 *
 * <p>One transaction at a time has as many events as stand next to one another and need no stream
 * twice; so the order of the log stays what it was, and nothing is ever written without what was
 * before it. If the store does not take a transaction, its events are appended one by one, which
 * finds those that are there already, and the one that cannot be kept.
 */
final class KurrentImport {
  private static final int MAX_EVENTS = 1_000;
  private static final long MAX_BYTES = 1 << 20;
  private static final int MAX_STREAMS = 500;
  private static final long BETWEEN_MARKS_NANOS = Duration.ofSeconds(1).toNanos();

  private static final String RECLAIMED =
      "the store has hidden and reclaimed what had its version, and the source still shows it, so"
          + " that nobody can tell whether it was this one; import into a store without this"
          + " stream";

  /** The reason that the store records with what is decided about a stream. */
  static final StreamChange IMPORTED = StreamChange.because("as in the KurrentDB it is from");

  /**
   * @param renumber whether versions may become others than revision + 1
   * @param intoEmpty whether the store had no streams before, but its own
   * @param progressFile where to keep how far it has come
   */
  record Settings(boolean renumber, boolean intoEmpty, UUID storeId, Path progressFile) {}

  /** How many events, and what became of them. */
  static final class Counts {
    long events;
    long deduplicated;
    long hidden;
    long systemEvents;
    long links;
    long closed;

    /** Streams that are closed in the source, and were written to here as well. */
    long leftOpen;
  }

  /** Events that are to be appended to one stream, one after the other. */
  private record Part(String stream, List<SourceEvent> events) {
    long firstVersion() {
      return versionOf(events.getFirst());
    }

    long lastVersion() {
      return versionOf(events.getLast());
    }
  }

  private final EventStore store;
  private final KurrentSource source;
  private final Settings settings;
  private final Progress bar;
  private final Counts counts = new Counts();
  private final List<Part> batch = new ArrayList<>();
  private final Set<String> batchStreams = new HashSet<>();
  private final Set<UUID> batchIds = new HashSet<>();
  private int batchEvents;
  private long batchBytes;
  private @Nullable SourceEvent reached;
  private @Nullable Newest newest;

  /** Of the stream that was asked for last, what the source hides: revisions below this one. */
  private String hiddenStream = "";

  private long hiddenBelow;
  private long marked = System.nanoTime();

  KurrentImport(EventStore store, KurrentSource source, Settings settings, Progress bar) {
    this.store = store;
    this.source = source;
    this.settings = settings;
    this.bar = bar;
  }

  static long versionOf(SourceEvent event) {
    return event.revision() + 1;
  }

  /**
   * Takes over what the source has now.
   *
   * @param before what an import before this one came to; null: nothing
   * @param events what comes after that
   */
  Counts run(@Nullable KurrentProgress before, Iterator<SourceEvent> events) {
    newest = before == null ? null : before.newest();
    while (isThereMore(events)) {
      SourceEvent event = events.next();
      take(event);
      reached = event;
      if (batch.isEmpty()) {
        markNowAndThen();
      }
    }
    flush();
    mark();
    return counts;
  }

  private boolean isThereMore(Iterator<SourceEvent> events) {
    try {
      return events.hasNext();
    } catch (SourceException e) {
      flush(); // what it gave before it went away
      mark();
      throw e;
    }
  }

  /** How many events it came to that are in the store now. */
  long events() {
    return counts.events;
  }

  private void take(SourceEvent event) {
    if (event.isSystem()) {
      counts.systemEvents++;
    } else if (event.isEndOfStream()) {
      flush();
      close(event);
    } else if (event.isLink() && settings.renumber()) {
      counts.links++; // what it leads to may have another number now
    } else if (isReclaimed(event)) {
      flush();
      if (!isHiddenInSource(event)) {
        throw cannotKeep(ExitCode.CONFLICT, event, RECLAIMED, null);
      }
      counts.hidden++;
    } else {
      add(event);
    }
  }

  /**
   * Whether the event stands at the beginning of a stream that is deleted here, which has it no
   * more: the store would take it behind all that the stream once had.
   */
  private boolean isReclaimed(SourceEvent event) {
    if (settings.intoEmpty() || settings.renumber() || versionOf(event) > 1) {
      return false; // with another version expected, the store refuses it
    }
    return store
            .streams()
            .get(event.stream())
            .filter(there -> there.life() == StreamLife.DELETED && there.version() > 0)
            .isPresent()
        && !isInItsStream(event, event.id())
        && !isInItsStream(event, EventIds.takenOver(event.id(), event.stream(), event.revision()));
  }

  private boolean isInItsStream(SourceEvent event, UUID id) {
    return store.getEvent(id).filter(found -> found.stream().equals(event.stream())).isPresent();
  }

  private void close(SourceEvent end) {
    StreamChange change = IMPORTED;
    StreamInfo there = store.streams().get(end.stream()).orElse(null);
    if (there != null && there.life() == StreamLife.OPEN) {
      if (!ImportedStream.isOnlyImported(store, there, end.created())) {
        counts.leftOpen++;
        return;
      }
      change = change.expecting(there.version());
    }
    try {
      store.streams().tombstone(end.stream(), change);
      counts.closed++;
    } catch (StreamTombstonedException e) {
      counts.hidden++; // by an import before this one
    }
  }

  // ---- many at once

  private void add(SourceEvent event) {
    boolean continues =
        !batch.isEmpty()
            && batch.getLast().stream().equals(event.stream())
            && (settings.renumber() || batch.getLast().lastVersion() + 1 == versionOf(event));
    long bytes = bytes(event);
    boolean full =
        batchEvents == MAX_EVENTS
            || batchBytes + bytes > MAX_BYTES
            || (!continues && batch.size() == MAX_STREAMS)
            || (!continues && batchStreams.contains(event.stream()))
            || batchIds.contains(event.id());
    if (full && batchEvents > 0) {
      flush();
      continues = false;
    }
    if (!continues) {
      batch.add(new Part(event.stream(), new ArrayList<>()));
      batchStreams.add(event.stream());
    }
    batch.getLast().events().add(event);
    batchIds.add(event.id());
    batchEvents++;
    batchBytes += bytes;
  }

  /** About what it takes on the wire. */
  private static long bytes(SourceEvent event) {
    long bytes = 200L + event.data().remaining();
    for (var entry : event.metadata().entrySet()) {
      bytes += 3L * (entry.getKey().length() + entry.getValue().length());
    }
    return bytes;
  }

  private void flush() {
    if (batch.isEmpty()) {
      return;
    }
    if (!isTakenAtOnce()) {
      for (Part part : batch) {
        for (SourceEvent event : part.events()) {
          append(event);
        }
      }
    }
    batch.clear();
    batchStreams.clear();
    batchIds.clear();
    batchEvents = 0;
    batchBytes = 0;
    bar.at(counts.events, 0, 0);
    markNowAndThen();
  }

  private boolean isTakenAtOnce() {
    Transaction.Builder transaction = Transaction.builder();
    TransactionResult result;
    Part last = batch.getLast();
    try {
      for (Part part : batch) {
        transaction.append(
            part.stream(),
            expected(part.firstVersion()),
            part.events().stream().map(event -> eventOf(event, event.id())).toList());
      }
      result = store.transact(transaction.build());
    } catch (VersionConflictException
        | EventIdTakenException
        | InvalidRequestException
        | StreamDeletedException
        | StreamTombstonedException
        | IllegalArgumentException e) {
      return false; // one by one it comes out which event it is
    }
    if (result.deduplicated() && !isWhereExpected(result)) {
      return false;
    }
    counts.events += batchEvents;
    counts.deduplicated += result.deduplicated() ? batchEvents : 0;
    newest =
        Newest.higher(
            newest,
            new Newest(
                last.events().getLast().id(),
                result.position(),
                last.stream(),
                result.version(last.stream())));
    return true;
  }

  /** Whether events that were there already are those that would have been written. */
  private boolean isWhereExpected(TransactionResult result) {
    return !settings.renumber()
        && batch.stream().allMatch(part -> result.version(part.stream()) == part.lastVersion());
  }

  private ExpectedVersion expected(long version) {
    return settings.renumber() ? ExpectedVersion.any() : ExpectedVersion.exactly(version - 1);
  }

  // ---- one by one

  private void append(SourceEvent event) {
    try {
      if (!isTaken(event, event.id())) {
        UUID other = EventIds.takenOver(event.id(), event.stream(), event.revision());
        if (!isTaken(event, other)) {
          throw cannotKeep(ExitCode.CONFLICT, event, "its id is taken by another event", null);
        }
      }
    } catch (VersionConflictException e) {
      if (!isHidden(event)) {
        throw conflict(event, e);
      }
      counts.hidden++;
    } catch (StreamDeletedException e) {
      if (!isHidden(event)) {
        throw refused(event, e);
      }
      counts.hidden++;
    } catch (StreamTombstonedException e) {
      if (!source.beginningOf(event.stream()).closed()) {
        throw refused(event, e);
      }
      counts.hidden++;
    } catch (VarveException e) {
      throw refused(event, e);
    } catch (IllegalArgumentException e) {
      throw cannotKeep(ExitCode.REFUSED, event, e.getMessage(), e);
    }
  }

  /** Whether the event is in the store now under this id; false: another event has the id. */
  private boolean isTaken(SourceEvent event, UUID id) {
    AppendResult result;
    try {
      result =
          store.append(event.stream(), expected(versionOf(event)), List.of(eventOf(event, id)));
    } catch (EventIdTakenException e) {
      return false;
    }
    if (result.deduplicated() && !isSame(event, id, result)) {
      return false;
    }
    counts.events++;
    counts.deduplicated += result.deduplicated() ? 1 : 0;
    newest =
        Newest.higher(newest, new Newest(id, result.position(), event.stream(), result.version()));
    return true;
  }

  /** Whether an event with this id in this stream is this one, and not another before it. */
  private boolean isSame(SourceEvent event, UUID id, AppendResult there) {
    if (!settings.renumber()) {
      return there.version() == versionOf(event);
    }
    Optional<RecordedEvent> found = store.getEvent(id);
    return found.isPresent() && found.get().asWritten().equals(eventOf(event, id));
  }

  /**
   * Whether the store once had an event of this version and has hidden it since, as the source has.
   * If the source still shows it, nobody can tell whether it was this one.
   */
  private boolean isHidden(SourceEvent event) {
    return hidesVersionOf(event) && isHiddenInSource(event);
  }

  private boolean hidesVersionOf(SourceEvent event) {
    return store
        .streams()
        .get(event.stream())
        .map(StreamInfo::firstKeptVersion)
        .filter(first -> first > versionOf(event))
        .isPresent();
  }

  private boolean isHiddenInSource(SourceEvent event) {
    if (!hiddenStream.equals(event.stream()) || hiddenBelow <= event.revision()) {
      SourceEvent first = source.beginningOf(event.stream()).first();
      hiddenStream = event.stream();
      hiddenBelow = first == null ? Long.MAX_VALUE : first.revision();
    }
    return hiddenBelow > event.revision();
  }

  /** The event as it is written, under its own id or under one that is made from it. */
  private static NewEvent eventOf(SourceEvent event, UUID id) {
    NewEvent.Builder made =
        NewEvent.builder(event.type())
            .id(id)
            .data(event.data())
            .contentType(event.contentType())
            .metadata(event.metadata())
            .tags(event.tags());
    if (!id.equals(event.id())) {
      made.metadata(CustomMetadata.EVENT_ID, event.id().toString());
    }
    if (event.created() != null) {
      made.occurredAt(event.created());
    }
    return made.build();
  }

  // ---- what cannot be kept

  private CommandFailure conflict(SourceEvent event, VersionConflictException e) {
    String why;
    if (e.actualVersion() < versionOf(event)) {
      why =
          "the source has no event "
              + (event.revision() - 1)
              + " of this stream any more, so that this one would get another version;"
              + " --renumber lets it";
    } else if (hidesVersionOf(event)) {
      why = RECLAIMED;
    } else {
      why =
          "the store has another event at its version; import into a store without this stream,"
              + " or with --renumber behind what is there";
    }
    return cannotKeep(ExitCode.CONFLICT, event, why, e);
  }

  private static CommandFailure refused(SourceEvent event, VarveException e) {
    return cannotKeep(Failures.exitCode(e), event, e.getMessage(), e);
  }

  private static CommandFailure cannotKeep(
      ExitCode code, SourceEvent event, @Nullable String why, @Nullable Throwable cause) {
    return new CommandFailure(
        code,
        "event "
            + event.revision()
            + "@"
            + event.stream()
            + " ("
            + event.type()
            + ", "
            + event.id()
            + "): "
            + why
            + "; the events before it are imported",
        cause);
  }

  // ---- how far it has come

  private void markNowAndThen() {
    if (System.nanoTime() - marked >= BETWEEN_MARKS_NANOS) {
      mark();
    }
  }

  private void mark() {
    SourceEvent last = reached;
    Newest there = newest;
    if (last == null || there == null) {
      return;
    }
    marked = System.nanoTime();
    try {
      new KurrentProgress(settings.storeId(), last.place(), last.id(), there)
          .write(settings.progressFile());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.STORAGE_UNUSABLE,
          "the progress file " + settings.progressFile() + " cannot be written: " + e,
          e);
    }
  }
}
