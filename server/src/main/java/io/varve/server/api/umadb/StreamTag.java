package io.varve.server.api.umadb;

import io.varve.server.event.Query;
import io.varve.server.event.RecordedEvent;
import io.varve.server.event.StreamId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An event's stream as a tag, for a protocol that knows tags and no streams: the event of stream
 * {@code account-42} has the tag {@code stream:account-42} beside those that its writer gave it.
 *
 * <p>What is shown and what is found agree: a query for such a tag finds the events of the stream,
 * and those to which a writer has given that very tag.
 */
final class StreamTag {
  /** Where events live that are appended without a stream. They show none. */
  static final StreamId HOME = new StreamId("umadb");

  private static final String PREFIX = "stream:";

  private StreamTag() {}

  /** The tags that an event shows: its own, in their order, and then its stream. */
  static List<String> tagsOf(RecordedEvent event) {
    if (event.stream().equals(HOME)) {
      return event.tags();
    }
    String tag = PREFIX + event.stream();
    if (event.tags().contains(tag)) {
      return event.tags();
    }
    List<String> tags = new ArrayList<>(event.tags());
    tags.add(tag);
    return tags;
  }

  /**
   * What an item of a query means in the core's terms. A tag that names a stream is either written
   * on the event or is the event's stream; an event has one stream, so there is one alternative for
   * each such tag, and one in which all are written.
   */
  static List<Query.Item> items(Set<String> types, Set<String> tags) {
    List<Query.Item> alternatives = new ArrayList<>(1);
    alternatives.add(new Query.Item(types, tags, List.of(), Set.of()));
    for (String tag : tags) {
      String stream = streamOf(tag);
      if (stream != null) {
        Set<String> others = new LinkedHashSet<>(tags);
        others.remove(tag);
        alternatives.add(new Query.Item(types, others, List.of(), Set.of(), Set.of(stream)));
      }
    }
    return alternatives;
  }

  /** How many alternatives {@link #items} makes. */
  static long alternatives(Set<String> tags) {
    return 1 + tags.stream().filter(tag -> streamOf(tag) != null).count();
  }

  /** The name of the stream whose events show this tag; null if there can be none. */
  private static @Nullable String streamOf(String tag) {
    if (!tag.startsWith(PREFIX) || tag.length() == PREFIX.length()) {
      return null;
    }
    String stream = tag.substring(PREFIX.length());
    return stream.equals(HOME.value()) ? null : stream;
  }
}
