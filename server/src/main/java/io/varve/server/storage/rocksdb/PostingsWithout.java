package io.varve.server.storage.rocksdb;

import com.google.protobuf.ByteString;
import io.varve.server.storage.EventSummary;
import io.varve.server.storage.TermKind;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Entries of postings, each read once, that the positions of some events are taken out of. */
final class PostingsWithout {
  private final IndexedTerms terms;
  private final Map<TermKind, Map<ByteString, Set<Long>>> positions = new EnumMap<>(TermKind.class);

  PostingsWithout(IndexedTerms terms) {
    this.terms = terms;
  }

  /** One more event that its terms are to forget. */
  void remove(EventSummary event) {
    remove(TermKind.TYPE, event.type(), event.position());
    remove(TermKind.CATEGORY, event.stream().category(), event.position());
    for (String tag : event.tags()) {
      remove(TermKind.TAG, tag, event.position());
    }
  }

  private void remove(TermKind kind, String term, long position) {
    byte[] key =
        terms.seek(
            kind,
            null,
            seeker -> entryOf(seeker, Postings.bytes(term), position) ? seeker.key() : new byte[0]);
    if (key.length > 0) {
      positions
          .computeIfAbsent(kind, _ -> new HashMap<>())
          .computeIfAbsent(ByteString.copyFrom(key), _ -> new HashSet<>())
          .add(position);
    }
  }

  /** To the entry of the segment that a position lies in, if the term has one. */
  private static boolean entryOf(Database.Seeker seeker, byte[] term, long position) {
    boolean on = seeker.atOrBefore(Postings.key(term, position));
    while (on && Postings.startsWith(seeker.key(), Arrays.copyOf(term, term.length + 1))) {
      if (Postings.isOfTerm(seeker.key(), term)) {
        return true;
      }
      on = seeker.previous(); // a term that holds a NUL
    }
    return false;
  }

  /** Adds to a batch what takes the place of these entries. */
  void addTo(BatchBytes batch) {
    positions.forEach(
        (kind, entries) ->
            entries.forEach((key, gone) -> addTo(batch, kind, key.toByteArray(), gone)));
  }

  private void addTo(BatchBytes batch, TermKind kind, byte[] key, Set<Long> gone) {
    byte[] value = terms.entry(kind, key);
    if (value == null) {
      return;
    }
    long segment = Postings.segmentOf(key);
    int[] kept =
        Arrays.stream(Postings.positions(segment, value))
            .filter(position -> !gone.contains(position))
            .mapToInt(position -> Math.toIntExact(position - segment))
            .toArray();
    terms.replace(batch, kind, key, kept);
  }
}
