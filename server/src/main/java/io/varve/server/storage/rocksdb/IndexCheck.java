package io.varve.server.storage.rocksdb;

import io.varve.server.event.StreamId;
import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventPlace;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.StreamChange;
import io.varve.server.storage.TermKind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds the index against the log, first in the one direction and then in the other: each event of
 * the log is where the index should have it ({@link #event}), and the index has nothing else
 * ({@link #finish}).
 *
 * <p>Nothing is left over if the index has as many entries as were found: keys differ. Only where
 * it has more is each looked up in the log, and some may be there for good reason: of an event that
 * was reclaimed the log lets go first, and a crash may come in between.
 */
final class IndexCheck {
  /** So many streams' numbers are kept at hand. */
  private static final int NAMES_AT_HAND = 50_000;

  static final String NAMES = "streams that the index does not name rightly (stream_names)";
  static final String STREAMS =
      "events that the index does not have by stream and version (streams)";
  static final String IDS = "events that the index does not find by their ids (event_ids)";
  static final String STATES =
      "streams of which the index does not know what was decided (stream_states)";
  static final String PROGRESS = "the index's account of itself (progress)";

  private final Database.View index;
  private final IndexDatabase.Progress progress;
  private final long reclaimed;
  private final Findings findings;
  private final Map<TermKind, TermsCheck> terms;

  private final Map<StreamId, Long> numbers =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<StreamId, Long> eldest) {
          return size() > NAMES_AT_HAND;
        }
      };

  /** What the log says was decided last about each stream. */
  private final Map<StreamId, StoredState> states = new HashMap<>();

  private long foundByVersion;
  private long foundById;

  /**
   * @param index as of one moment
   */
  IndexCheck(Database.View index, Findings findings) {
    this.index = index;
    this.findings = findings;
    this.progress = IndexDatabase.progressIn(index);
    this.reclaimed = IndexDatabase.reclaimedIn(index);
    this.terms = new HashMap<>();
    for (TermKind kind : TermKind.values()) {
      terms.put(kind, new TermsCheck(index, kind, findings));
    }
  }

  /** How far the index has come; what is behind it does not concern it yet. */
  IndexDatabase.Progress progress() {
    return progress;
  }

  // ---- from the log to the index

  /** An event of the log, one after the other. */
  void event(LogCheck.Seen seen) {
    EventSummary summary = seen.summary();
    if (summary.position() > progress.position()) {
      return;
    }
    if (summary.stream().equals(StreamChange.STREAM)) {
      StreamChange change =
          StreamChange.fromJson(summary.position(), summary.type(), seen.event().decode().data());
      states.put(change.stream(), StoredState.of(change.head()));
    }
    if (summary.position() < progress.openFrom()) {
      termsOf(TermKind.TYPE).expect(summary.type(), summary.position());
      termsOf(TermKind.CATEGORY).expect(summary.stream().category(), summary.position());
      summary.tags().stream()
          .distinct()
          .forEach(tag -> termsOf(TermKind.TAG).expect(tag, summary.position()));
    }
    long number = numbers.computeIfAbsent(summary.stream(), this::numberOf);
    if (number == 0) {
      return; // nothing else of it can be found, and that has been told
    }
    if (seen.archived() && summary.version() == 1) {
      expectCreatedAt(summary);
    }
    expectCopy(number, seen);
    expectId(number, summary);
  }

  private TermsCheck termsOf(TermKind kind) {
    TermsCheck check = terms.get(kind);
    if (check == null) {
      throw new IllegalStateException("no terms of kind " + kind);
    }
    return check;
  }

  /** A stream's number; 0, and a finding, when the index has none. */
  private long numberOf(StreamId stream) {
    byte[] value = index.get(IndexDatabase.STREAM_NAMES, IndexDatabase.name(stream));
    if (value == null) {
      findings.add(NAMES, "the index has no name for stream " + stream + ", which has events");
      return 0;
    }
    try {
      return StreamName.decode(value).number();
    } catch (DamagedDataException e) {
      findings.add(NAMES, "the index's name of stream " + stream + ": " + e.getMessage());
      return 0;
    }
  }

  /**
   * Of a stream whose first entry in the index is one of the archive, which the scan cannot tell.
   */
  private void expectCreatedAt(EventSummary first) {
    byte[] name = index.get(IndexDatabase.STREAM_NAMES, IndexDatabase.name(first.stream()));
    if (name != null && !StreamName.decode(name).createdAt().equals(first.recordedAt())) {
      findings.add(
          NAMES,
          "the index says that stream "
              + first.stream()
              + " was created at another time than "
              + first.recordedAt());
    }
  }

  private void expectCopy(long number, LogCheck.Seen seen) {
    EventSummary summary = seen.summary();
    byte[] copy = index.get(IndexDatabase.STREAMS, Keys.ofStreamVersion(number, summary.version()));
    if (copy == null) {
      findings.add(STREAMS, "the index does not have version " + summary.version() + of(summary));
    } else if (!isCopy(copy, seen)) {
      findings.add(
          STREAMS,
          "the index's copy of version "
              + summary.version()
              + of(summary)
              + " is not what the log has");
      foundByVersion++; // it is there, and nothing that is left over
    } else {
      foundByVersion++;
    }
  }

  /**
   * Of an event that is in the archive the log has the outline and the index the header. Either may
   * still have all of it: each is changed by a write of its own.
   */
  private static boolean isCopy(byte[] copy, LogCheck.Seen seen) {
    EncodedEvent event = seen.event();
    try {
      StoredEvent stored = new StoredEvent(seen.summary().version(), copy);
      if (stored.isArchived()) {
        return seen.archived()
            && !seen.summary().stream().isSystem()
            && stored.header().equals(event.header());
      }
      if (!seen.isWhole()) {
        EncodedEvent whole = new EncodedEvent(copy, 0, 0, copy.length);
        return Arrays.equals(whole.outline(), event.outline());
      }
      return Arrays.equals(copy, 0, copy.length, event.bytes(), event.start(), event.end());
    } catch (DamagedDataException e) {
      return false;
    }
  }

  private void expectId(long number, EventSummary summary) {
    byte[] value = index.get(IndexDatabase.EVENT_IDS, Keys.ofEventId(summary.id()));
    if (value == null) {
      findings.add(IDS, "the index does not find event id " + summary.id() + of(summary));
      return;
    }
    foundById++;
    EventPlace place = place(value);
    if (place == null
        || !place.equals(new EventPlace(summary.position(), number, summary.version()))) {
      findings.add(IDS, "the index leads event id " + summary.id() + of(summary) + " elsewhere");
    }
  }

  private static @Nullable EventPlace place(byte[] value) {
    try {
      return Keys.toPlace(value);
    } catch (DamagedDataException e) {
      return null;
    }
  }

  private static String of(EventSummary summary) {
    return " of stream " + summary.stream() + ", position " + summary.position();
  }

  // ---- from the index to the log

  /** All events have been seen: is there anything else, and is the index one in itself. */
  void finish(LogCheck log, LogLookUp lookUp) {
    IndexScan scan = new IndexScan(index, progress, lookUp, findings);
    scan.run();
    if (!log.isComplete()) {
      return; // what is missing in the log would be told once more, for each entry
    }
    if (progress.position() - reclaimed != scan.copies()) {
      findings.add(
          PROGRESS,
          "the index has "
              + scan.copies()
              + " events, and its count of what was reclaimed says that it has "
              + (progress.position() - reclaimed));
    }
    if (scan.copies() > foundByVersion) {
      scan.tellCopiesThatTheLogDoesNotHave();
    }
    if (scan.ids() > foundById) {
      scan.tellIdsThatTheLogDoesNotHave();
    }
    scan.compareStates(states);
    for (TermKind kind : TermKind.values()) {
      findings.watch().stage("the index: " + IndexedTerms.FAMILIES.get(kind));
      termsOf(kind).finish(lookUp, progress.openFrom());
    }
  }
}
