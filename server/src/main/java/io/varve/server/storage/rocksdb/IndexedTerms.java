package io.varve.server.storage.rocksdb;

import static java.util.Objects.requireNonNull;

import io.varve.server.storage.TermCount;
import io.varve.server.storage.TermKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The terms of the index, kind by kind, and the positions of each: the part of {@link
 * IndexDatabase} that is made of {@link Postings}. What is added goes into a batch of the whole
 * index, so that it is written together with the rest.
 */
final class IndexedTerms {
  /** The column family of each kind. */
  static final Map<TermKind, String> FAMILIES =
      Map.of(TermKind.TYPE, "by_type", TermKind.TAG, "by_tag", TermKind.CATEGORY, "by_category");

  private final Database database;
  private final Map<TermKind, Integer> ids = new EnumMap<>(TermKind.class);

  IndexedTerms(Database database) {
    this.database = database;
    FAMILIES.forEach((kind, family) -> ids.put(kind, database.idOf(family)));
  }

  /** Adds the postings of a segment that is full. */
  void addTo(BatchBytes batch, TermSegment segment) {
    segment.visitTerms(
        (kind, text, offsets, count) ->
            batch.put(
                idOf(kind),
                Postings.key(Postings.bytes(text), segment.firstPosition()),
                Postings.value(offsets, count)));
  }

  /** What a kind's column family is called in a batch. */
  private int idOf(TermKind kind) {
    return requireNonNull(ids.get(kind));
  }

  private static String familyOf(TermKind kind) {
    return requireNonNull(FAMILIES.get(kind));
  }

  // ---- reclaiming

  /** One entry, by its key; null if there is none. */
  byte @Nullable [] entry(TermKind kind, byte[] key) {
    return database.get(familyOf(kind), key);
  }

  /** Adds to a batch what takes the place of an entry: one with fewer offsets, or none. */
  void replace(BatchBytes batch, TermKind kind, byte[] key, int[] offsets) {
    if (offsets.length == 0) {
      batch.delete(idOf(kind), key);
    } else {
      batch.put(idOf(kind), key, Postings.value(offsets, offsets.length));
    }
  }

  /** Gives back the bytes of what has been deleted; may take long. */
  void compact() {
    FAMILIES.values().forEach(database::compact);
  }

  // ---- finding

  /**
   * The terms of a kind that start with a prefix, in byte order.
   *
   * @param until segments from here on are left out
   */
  List<String> termsStartingWith(TermKind kind, String prefix, long until, int limit) {
    byte[] start = Postings.bytes(prefix);
    List<String> found = new ArrayList<>();
    seek(
        kind,
        null,
        seeker -> {
          boolean on = seeker.atOrAfter(start);
          while (on && found.size() < limit && Postings.startsWith(seeker.key(), start)) {
            byte[] term = Postings.termOf(seeker.key());
            if (Postings.segmentOf(seeker.key()) < until) {
              found.add(new String(term, StandardCharsets.UTF_8));
            }
            on = seeker.atOrAfter(Postings.key(term, Long.MAX_VALUE));
          }
          return found;
        });
    return found;
  }

  /**
   * How many positions the terms of a kind have, in byte order.
   *
   * @param afterText the terms behind this one; null for the first
   * @param until segments from here on are left out
   */
  List<TermCount> termCounts(TermKind kind, @Nullable String afterText, long until, int limit) {
    byte[] from =
        afterText == null ? new byte[0] : Postings.key(Postings.bytes(afterText), Long.MAX_VALUE);
    List<TermCount> found = new ArrayList<>();
    seek(
        kind,
        null,
        seeker -> {
          byte[] term = null;
          long count = 0;
          for (boolean on = seeker.atOrAfter(from); on; on = seeker.next()) {
            byte[] key = seeker.key();
            if (Postings.segmentOf(key) >= until) {
              continue;
            }
            if (term == null || !Postings.isOfTerm(key, term)) {
              if (term != null) {
                found.add(new TermCount(new String(term, StandardCharsets.UTF_8), count));
                if (found.size() == limit) {
                  return found;
                }
              }
              term = Postings.termOf(key);
              count = 0;
            }
            count += Postings.count(seeker.valueStart(Postings.COUNT_BYTES));
          }
          if (term != null) {
            found.add(new TermCount(new String(term, StandardCharsets.UTF_8), count));
          }
          return found;
        });
    return found;
  }

  /**
   * Looks things up among the postings of a kind.
   *
   * @param until the first key that the search does not see; null to see all
   */
  <T> T seek(TermKind kind, byte @Nullable [] until, Function<Database.Seeker, T> search) {
    return database.seek(familyOf(kind), until, search);
  }
}
