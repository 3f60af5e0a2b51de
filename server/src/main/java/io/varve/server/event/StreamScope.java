package io.varve.server.event;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which streams somebody may see. System streams are in it only if everything is.
 *
 * @param everything every stream
 * @param allButSystem every stream but the server's own
 * @param prefixes streams whose names begin with one of these, and are not the server's own
 * @param categories streams of one of these categories, likewise
 * @param except streams that are not in it all the same
 */
public record StreamScope(
    boolean everything,
    boolean allButSystem,
    Set<String> prefixes,
    Set<String> categories,
    StreamExclusion except) {
  /**
   * How the only tags begin that events of system streams have: behind it is the name of the stream
   * that the event is about. Other events may have such tags, too.
   */
  public static final String SYSTEM_EVENT_TAG = "stream:";

  public static final StreamScope EVERYTHING = new StreamScope(true, true, Set.of(), Set.of());
  public static final StreamScope ALL_BUT_SYSTEM = new StreamScope(false, true, Set.of(), Set.of());
  public static final StreamScope NOTHING = new StreamScope(false, false, Set.of(), Set.of());

  public StreamScope {
    prefixes = Set.copyOf(prefixes);
    categories = Set.copyOf(categories);
  }

  /** A scope without exceptions. */
  public StreamScope(
      boolean everything, boolean allButSystem, Set<String> prefixes, Set<String> categories) {
    this(everything, allButSystem, prefixes, categories, StreamExclusion.NONE);
  }

  /** The same without some streams, in place of those that were left out before. */
  public StreamScope except(StreamExclusion excluded) {
    return new StreamScope(everything, allButSystem, prefixes, categories, excluded);
  }

  public static StreamScope ofPrefix(String prefix) {
    return new StreamScope(false, false, Set.of(prefix), Set.of());
  }

  public static StreamScope ofCategory(String category) {
    return new StreamScope(false, false, Set.of(), Set.of(category));
  }

  /** What is in either, as far as their terms go; both must be without exceptions. */
  public StreamScope or(StreamScope other) {
    if (!except.equals(StreamExclusion.NONE) || !other.except.equals(StreamExclusion.NONE)) {
      throw new IllegalArgumentException("scopes with exceptions cannot be joined");
    }
    return new StreamScope(
        everything || other.everything,
        allButSystem || other.allButSystem,
        union(prefixes, other.prefixes),
        union(categories, other.categories));
  }

  private static Set<String> union(Set<String> one, Set<String> other) {
    Set<String> union = new LinkedHashSet<>(one);
    union.addAll(other);
    return union;
  }

  public boolean isEmpty() {
    return !everything && !allButSystem && prefixes.isEmpty() && categories.isEmpty();
  }

  /** Asked for each event of a read of the log, so it makes nothing new. */
  public boolean contains(String stream) {
    return isWithinTerms(stream) && !except.has(stream);
  }

  private boolean isWithinTerms(String stream) {
    if (everything || stream.isEmpty() || stream.charAt(0) == '$') {
      return everything;
    }
    if (allButSystem) {
      return true;
    }
    for (String prefix : prefixes) {
      if (stream.startsWith(prefix)) {
        return true;
      }
    }
    int dash = stream.indexOf('-');
    int length = dash < 0 ? stream.length() : dash;
    for (String category : categories) {
      if (category.length() == length && stream.startsWith(category)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether every stream whose name begins with this is in it, but for those that are excepted,
   * which are asked for one by one.
   */
  public boolean containsPrefix(String prefix) {
    if (everything) {
      return true;
    }
    if (prefix.isEmpty() || prefix.charAt(0) == '$') {
      return false;
    }
    int dash = prefix.indexOf('-');
    return allButSystem
        || prefixes.stream().anyMatch(prefix::startsWith)
        || (dash >= 0 && categories.contains(prefix.substring(0, dash)));
  }

  /** Whether every stream of this category is in it, likewise. */
  public boolean containsCategory(String category) {
    if (everything) {
      return true;
    }
    if (category.isEmpty() || category.charAt(0) == '$') {
      return false;
    }
    return allButSystem
        || categories.contains(category)
        || prefixes.stream().anyMatch(category::startsWith);
  }

  /** Whether only events of streams in it can match, as it stands now. */
  public boolean covers(Query query) {
    return coversByTerms(query) && !except.mayConcern(query);
  }

  private boolean coversByTerms(Query query) {
    return everything
        || (!query.items().isEmpty() && query.items().stream().allMatch(this::covers));
  }

  private boolean covers(Query.Item item) {
    boolean byPrefix =
        !item.streamPrefixes().isEmpty()
            && item.streamPrefixes().stream().allMatch(this::containsPrefix);
    boolean byCategory =
        !item.categories().isEmpty() && item.categories().stream().allMatch(this::containsCategory);
    boolean byName =
        !item.streams().isEmpty() && item.streams().stream().allMatch(this::isWithinTerms);
    return byPrefix || byCategory || byName || (allButSystem && matchesNoSystemEvent(item));
  }

  /**
   * Events of system streams have types that begin with "$", and no tags but {@link
   * #SYSTEM_EVENT_TAG}; and an event matches only if it has all of the item's tags.
   */
  private static boolean matchesNoSystemEvent(Query.Item item) {
    return item.tags().stream().anyMatch(tag -> !tag.startsWith(SYSTEM_EVENT_TAG))
        || (!item.types().isEmpty() && item.types().stream().noneMatch(t -> t.startsWith("$")));
  }

  /**
   * The scope as a query's items, so that the index finds what is in it; empty if it is no list.
   */
  List<Query.Item> items() {
    if (everything || allButSystem) {
      return List.of();
    }
    return Stream.of(
            new Query.Item(Set.of(), Set.of(), List.copyOf(prefixes), Set.of()),
            new Query.Item(Set.of(), Set.of(), List.of(), categories))
        .filter(item -> !item.matchesEverything())
        .toList();
  }
}
