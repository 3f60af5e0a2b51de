package io.varve.server.query;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import io.varve.server.storage.EventIndex;
import io.varve.server.storage.Positions;
import io.varve.server.storage.TermKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** From a query to the positions at which events may match it. */
final class Candidates {
  private Candidates() {}

  /** Every event that matches has its position here. Not for a query that everything matches. */
  static Positions of(Query query, EventIndex index) {
    List<Positions> items = new ArrayList<>();
    if (query.items().isEmpty()) {
      return new Every(index.lastPosition());
    }
    for (Query.Item item : query.items()) {
      items.add(of(item, index));
    }
    return Positions.anyOf(items);
  }

  private static Positions of(Query.Item item, EventIndex index) {
    List<Positions> parts = new ArrayList<>();
    for (String tag : item.tags()) {
      parts.add(index.withTerm(TermKind.TAG, tag));
    }
    addAnyOf(parts, TermKind.TYPE, item.types(), index);
    addAnyOf(parts, TermKind.CATEGORY, item.categories(), index);
    if (!item.streamPrefixes().isEmpty()) {
      List<Positions> streams = new ArrayList<>();
      for (String prefix : item.streamPrefixes()) {
        streams.add(index.inStreamsStartingWith(prefix));
      }
      parts.add(Positions.anyOf(streams));
    }
    if (!item.streams().isEmpty()) {
      List<Positions> streams = new ArrayList<>();
      for (String stream : item.streams()) {
        streams.add(index.inStream(new StreamId(stream)));
      }
      parts.add(Positions.anyOf(streams));
    }
    return parts.isEmpty() ? new Every(index.lastPosition()) : Positions.allOf(parts);
  }

  private static void addAnyOf(
      List<Positions> parts, TermKind kind, Set<String> texts, EventIndex index) {
    if (!texts.isEmpty()) {
      List<Positions> any = new ArrayList<>(texts.size());
      for (String text : texts) {
        any.add(index.withTerm(kind, text));
      }
      parts.add(Positions.anyOf(any));
    }
  }

  /** Every position up to the last: of a query that asks for nothing but visible streams. */
  private record Every(long last) implements Positions {
    @Override
    public long atOrAfter(long position) {
      long at = Math.max(1, position);
      return at <= last ? at : END;
    }

    @Override
    public long atOrBefore(long position) {
      return Math.max(START, Math.min(position, last));
    }
  }
}
