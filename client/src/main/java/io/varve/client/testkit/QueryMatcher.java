package io.varve.client.testkit;

import io.varve.client.streams.Query;
import io.varve.client.streams.QueryItem;
import io.varve.client.streams.RecordedEvent;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Decides whether an event matches a query: OR between items, AND between the parts of one that are
 * given.
 */
final class QueryMatcher implements Predicate<RecordedEvent> {

  private record Item(
      Set<String> types, Set<String> tags, List<String> streamPrefixes, Set<String> categories) {

    Item(QueryItem item) {
      this(
          new HashSet<>(item.types()),
          new HashSet<>(item.tags()),
          item.streamPrefixes(),
          new HashSet<>(item.categories()));
    }

    boolean matches(RecordedEvent event) {
      return (types.isEmpty() || types.contains(event.type()))
          && (tags.isEmpty() || event.tags().containsAll(tags))
          && (streamPrefixes.isEmpty()
              || streamPrefixes.stream().anyMatch(event.stream()::startsWith))
          && (categories.isEmpty() || categories.contains(category(event.stream())));
    }
  }

  private final List<Item> items;

  QueryMatcher(Query query) {
    this.items = query.items().stream().map(Item::new).toList();
  }

  @Override
  public boolean test(RecordedEvent event) {
    return items.isEmpty() || items.stream().anyMatch(item -> item.matches(event));
  }

  /** The name up to the first dash, or the whole name if it has none. */
  static String category(String stream) {
    int dash = stream.indexOf('-');
    return dash < 0 ? stream : stream.substring(0, dash);
  }
}
