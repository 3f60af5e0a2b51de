package io.varve.server.event;

import java.util.List;
import java.util.Set;

/**
 * Which events a read or a subscription is about: alternatives, OR-ed. Without items every event
 * matches.
 *
 * @param visible events of other streams never match
 */
public record Query(List<Item> items, StreamScope visible) {
  private static final Query EVERYTHING = new Query(List.of());

  /** A query to which every stream is visible. */
  public Query(List<Item> items) {
    this(items, StreamScope.EVERYTHING);
  }

  public Query {
    items = List.copyOf(items);
  }

  /** The query that every event matches. */
  public static Query everything() {
    return EVERYTHING;
  }

  /** The same query about what is in a scope only. */
  public Query within(StreamScope scope) {
    return new Query(items.isEmpty() ? scope.items() : items, scope);
  }

  /** Whether every event matches, so that nobody need look inside one. */
  public boolean matchesEverything() {
    return sees(visible) && hasNoTerms();
  }

  /** Whether a scope has every stream, for good. */
  private static boolean sees(StreamScope scope) {
    return scope.everything() && scope.except().equals(StreamExclusion.NONE);
  }

  /** Whether nothing but the visible streams decides what matches, so that no index helps. */
  public boolean hasNoTerms() {
    return items.isEmpty() || items.stream().anyMatch(Item::matchesEverything);
  }

  /** Whether an event's tags decide whether it matches. */
  public boolean asksForTags() {
    return items.stream().anyMatch(item -> !item.tags().isEmpty());
  }

  /** How many types, tags, prefixes, categories and streams it names in all. */
  public int terms() {
    int terms = 0;
    for (Item item : items) {
      terms +=
          item.types().size()
              + item.tags().size()
              + item.streamPrefixes().size()
              + item.categories().size()
              + item.streams().size();
    }
    return terms;
  }

  /** Whether an event with these properties matches. */
  public boolean matches(String stream, String type, List<String> tags) {
    if (!sees(visible) && !visible.contains(stream)) {
      return false;
    }
    if (items.isEmpty()) {
      return true;
    }
    for (Item item : items) {
      if (item.matches(stream, type, tags)) {
        return true;
      }
    }
    return false;
  }

  /**
   * One alternative. The parts that are given must all hold; an empty part asks for nothing.
   *
   * @param types the event's type is any of these
   * @param tags the event has all of these
   * @param streamPrefixes its stream's name starts with any of these
   * @param categories its stream's category is any of these
   * @param streams its stream's name is any of these
   */
  public record Item(
      Set<String> types,
      Set<String> tags,
      List<String> streamPrefixes,
      Set<String> categories,
      Set<String> streams) {
    /** The same without {@code streams}. */
    public Item(
        Set<String> types, Set<String> tags, List<String> streamPrefixes, Set<String> categories) {
      this(types, tags, streamPrefixes, categories, Set.of());
    }

    public Item {
      types = Set.copyOf(types);
      tags = Set.copyOf(tags);
      streamPrefixes = List.copyOf(streamPrefixes);
      categories = Set.copyOf(categories);
      streams = Set.copyOf(streams);
    }

    /** Whether an event of this stream can match, whatever else it is. */
    public boolean concerns(String stream) {
      return (streamPrefixes.isEmpty() || streamPrefixes.stream().anyMatch(stream::startsWith))
          && (categories.isEmpty() || categories.contains(new StreamId(stream).category()))
          && (streams.isEmpty() || streams.contains(stream));
    }

    /** Whether only events of streams whose names say so can match. */
    public boolean namesStreams() {
      return !streamPrefixes.isEmpty() || !categories.isEmpty() || !streams.isEmpty();
    }

    boolean matchesEverything() {
      return types.isEmpty()
          && tags.isEmpty()
          && streamPrefixes.isEmpty()
          && categories.isEmpty()
          && streams.isEmpty();
    }

    boolean matches(String stream, String type, List<String> eventTags) {
      return (types.isEmpty() || types.contains(type))
          && (tags.isEmpty() || eventTags.containsAll(tags))
          && concerns(stream);
    }
  }
}
