package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;

import io.varve.server.storage.DamagedDataException;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.TermKind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Holds the postings of one kind against the events that are to be found by them. */
final class TermsCheck {
  private static final int TERMS_AT_HAND = 20_000;
  private static final long[] NONE = {};

  private final Database.View index;
  private final TermKind kind;
  private final Findings findings;
  private final String family;
  private final String finding;
  private final Database.Cursor cursor;

  /** Of each term the positions that were looked at last. */
  private final Map<String, long[]> atHand =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, long[]> eldest) {
          return size() > TERMS_AT_HAND;
        }
      };

  private long found;

  TermsCheck(Database.View index, TermKind kind, Findings findings) {
    this.index = index;
    this.kind = kind;
    this.findings = findings;
    this.family = requireNonNull(IndexedTerms.FAMILIES.get(kind));
    this.finding = "events that the index does not find by their terms (" + family + ")";
    this.cursor = index.cursor(family);
  }

  /** An event with this term is at this position. */
  void expect(String text, long position) {
    long[] positions = atHand.getOrDefault(text, NONE);
    if (positions.length == 0 || position > positions[positions.length - 1]) {
      positions = entryAt(text, position);
      atHand.put(text, positions);
    }
    if (Arrays.binarySearch(positions, position) >= 0) {
      found++;
    } else {
      findings.add(
          finding,
          "the index does not find the event at position "
              + position
              + " by its "
              + word()
              + " \""
              + text
              + "\"");
    }
  }

  private String word() {
    return switch (kind) {
      case TYPE -> "type";
      case TAG -> "tag";
      case CATEGORY -> "category";
    };
  }

  /** The positions of the entry that a position would be in; none if there is no such entry. */
  private long[] entryAt(String text, long position) {
    byte[] term = Postings.bytes(text);
    boolean on = cursor.atOrBefore(Postings.key(term, position));
    while (on && !Postings.isOfTerm(cursor.key(), term)) {
      // A term that holds a NUL may have its keys between this one's.
      on = Postings.startsWith(cursor.key(), Postings.bytes(text + '\0')) && cursor.previous();
    }
    if (!on) {
      return NONE;
    }
    try {
      return Postings.positions(Postings.segmentOf(cursor.key()), cursor.value());
    } catch (DamagedDataException e) {
      return NONE; // which the scan tells
    }
  }

  /** All events have been seen: are there other entries. */
  void finish(LogLookUp lookUp, long openFrom) {
    long count = scan(openFrom);
    if (count > found) {
      tellWhatIsNotIn(lookUp);
    }
  }

  private long scan(long openFrom) {
    long count = 0;
    long bytes = 0;
    byte[] term = {};
    long last = 0;
    Database.Cursor entries = index.cursor(family);
    for (boolean on = entries.atOrAfter(new byte[0]); on; on = entries.next()) {
      byte[] key = entries.key();
      byte[] value = entries.value();
      bytes = paced(bytes + key.length + value.length);
      long[] positions;
      try {
        positions = Postings.positions(Postings.segmentOf(key), value);
      } catch (DamagedDataException e) {
        findings.add(finding, "an entry of " + family + " cannot be read: " + e.getMessage());
        continue;
      }
      if (!Postings.isOfTerm(key, term)) {
        term = Postings.termOf(key);
        last = 0;
      }
      for (long position : positions) {
        if (position <= last || position >= openFrom) {
          findings.add(
              finding,
              "the entry of "
                  + word()
                  + " \""
                  + text(term)
                  + "\" at position "
                  + Postings.segmentOf(key)
                  + " has a position out of place: "
                  + position);
          break;
        }
        last = position;
      }
      count += positions.length;
    }
    paced(bytes);
    return count;
  }

  private long paced(long bytes) {
    if (bytes < 1024 * 1024) {
      return bytes;
    }
    findings.watch().read(bytes);
    return 0;
  }

  private void tellWhatIsNotIn(LogLookUp lookUp) {
    Database.Cursor entries = index.cursor(family);
    for (boolean on = entries.atOrAfter(new byte[0]); on; on = entries.next()) {
      byte[] key = entries.key();
      String text = text(Postings.termOf(key));
      try {
        for (long position : Postings.positions(Postings.segmentOf(key), entries.value())) {
          EventSummary event = lookUp.event(position);
          if (event == null ? !lookUp.isReclaimed(position) : !carries(event, text)) {
            findings.add(
                finding,
                "the index has position "
                    + position
                    + " for "
                    + word()
                    + " \""
                    + text
                    + "\", where the log has no such event");
          }
        }
      } catch (DamagedDataException toldBefore) {
        // by the scan
      }
    }
  }

  private boolean carries(EventSummary event, String text) {
    return switch (kind) {
      case TYPE -> event.type().equals(text);
      case TAG -> event.tags().contains(text);
      case CATEGORY -> event.stream().category().equals(text);
    };
  }

  private static String text(byte[] term) {
    return new String(term, StandardCharsets.UTF_8);
  }
}
