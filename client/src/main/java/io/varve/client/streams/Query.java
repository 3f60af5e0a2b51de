package io.varve.client.streams;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which events a read or a subscription is about. An event matches when at least one item matches
 * it; a query without items matches every event.
 *
 * <pre>{@code
 * Query deposits = Query.types("MoneyDeposited", "MoneyWithdrawn");
 * Query course = Query.of(QueryItem.tags("course:c1"), QueryItem.categories("student").withTypes("StudentEnrolled"));
 * }</pre>
 *
 * @param items alternatives, at most 1,000
 */
public record Query(List<QueryItem> items) {

  private static final Query ALL = new Query(List.of());

  public Query {
    items = List.copyOf(items);
  }

  /** Every event. */
  public static Query all() {
    return ALL;
  }

  /** Events that match any of these items; without an item, every event. */
  public static Query of(QueryItem... items) {
    return new Query(Arrays.asList(items));
  }

  /**
   * Events that match this query or the other one: what a decision needs that is made of several
   * parts. Together with a query that matches every event it matches every event.
   */
  public Query or(Query other) {
    if (items.isEmpty() || other.items.isEmpty()) {
      return ALL;
    }
    return new Query(Stream.concat(items.stream(), other.items.stream()).distinct().toList());
  }

  /** Whether the event is one that this query is about, as every store decides it. */
  public boolean matches(RecordedEvent event) {
    if (items.isEmpty()) {
      return true;
    }
    for (QueryItem item : items) {
      if (item.matches(event)) {
        return true;
      }
    }
    return false;
  }

  /** Events of any of these types. */
  public static Query types(String... types) {
    return of(QueryItem.types(types));
  }

  /** Events that have all of these tags. */
  public static Query tags(String... tags) {
    return of(QueryItem.tags(tags));
  }

  /** Events of streams whose names start with any of these texts. */
  public static Query streamPrefixes(String... prefixes) {
    return of(QueryItem.streamPrefixes(prefixes));
  }

  /**
   * Events of streams of any of these categories: the name up to the first {@code -}, or the whole
   * name if it has none.
   */
  public static Query categories(String... categories) {
    return of(QueryItem.categories(categories));
  }
}
