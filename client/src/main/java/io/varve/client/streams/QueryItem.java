package io.varve.client.streams;

import java.util.Arrays;
import java.util.List;

/**
 * One alternative of a {@link Query}. The parts that are given must all hold; an item without parts
 * matches every event. At most 1,000 entries a part.
 *
 * @param types the event's type is any of these; empty: any type
 * @param tags the event has all of these tags; empty: tags do not matter
 * @param streamPrefixes the name of the event's stream starts with any of these; empty: any stream
 * @param categories the event's stream is of any of these categories, the category being the name
 *     up to the first {@code -}, or the whole name if it has none; empty: any category
 */
public record QueryItem(
    List<String> types, List<String> tags, List<String> streamPrefixes, List<String> categories) {

  private static final QueryItem ANY = new QueryItem(List.of(), List.of(), List.of(), List.of());

  public QueryItem {
    types = texts("type", types);
    tags = texts("tag", tags);
    streamPrefixes = texts("stream prefix", streamPrefixes);
    categories = texts("category", categories);
  }

  private static List<String> texts(String what, List<String> texts) {
    texts.forEach(text -> Arguments.wellFormed(what, text));
    return List.copyOf(texts);
  }

  /** Whether the event is one that this item is about, as every store decides it. */
  public boolean matches(RecordedEvent event) {
    return (types.isEmpty() || types.contains(event.type()))
        && (tags.isEmpty() || event.tags().containsAll(tags))
        && (streamPrefixes.isEmpty()
            || streamPrefixes.stream().anyMatch(event.stream()::startsWith))
        && (categories.isEmpty() || categories.contains(category(event.stream())));
  }

  /** The name up to the first dash, or the whole name if it has none. */
  private static String category(String stream) {
    int dash = stream.indexOf('-');
    return dash < 0 ? stream : stream.substring(0, dash);
  }

  /** Matches events of any of these types. */
  public static QueryItem types(String... types) {
    return ANY.withTypes(types);
  }

  /** Matches events that have all of these tags. */
  public static QueryItem tags(String... tags) {
    return ANY.withTags(tags);
  }

  /** Matches events of streams whose names start with any of these texts. */
  public static QueryItem streamPrefixes(String... prefixes) {
    return ANY.withStreamPrefixes(prefixes);
  }

  /** Matches events of streams of any of these categories. */
  public static QueryItem categories(String... categories) {
    return ANY.withCategories(categories);
  }

  /** This item with these types instead of its own. */
  public QueryItem withTypes(String... types) {
    return new QueryItem(Arrays.asList(types), tags, streamPrefixes, categories);
  }

  /** This item with these tags instead of its own. */
  public QueryItem withTags(String... tags) {
    return new QueryItem(types, Arrays.asList(tags), streamPrefixes, categories);
  }

  /** This item with these stream prefixes instead of its own. */
  public QueryItem withStreamPrefixes(String... prefixes) {
    return new QueryItem(types, tags, Arrays.asList(prefixes), categories);
  }

  /** This item with these categories instead of its own. */
  public QueryItem withCategories(String... categories) {
    return new QueryItem(types, tags, streamPrefixes, Arrays.asList(categories));
  }
}
