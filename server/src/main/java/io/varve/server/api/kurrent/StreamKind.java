package io.varve.server.api.kurrent;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a name of this protocol stands for. */
sealed interface StreamKind {
  String METADATA_PREFIX = "$$";

  /** A stream that Varve has under the same name. */
  record Plain(StreamId stream) implements StreamKind {}

  /** What is said and decided about a stream. */
  record MetadataOf(StreamId stream) implements StreamKind {
    String name() {
      return METADATA_PREFIX + stream;
    }
  }

  /**
   * Links to events, found by an index.
   *
   * @param name the name under which they are read
   * @param query finds all of them, and perhaps others
   * @param prefix how their streams are called
   * @param firstOnly whether only streams' first events are linked
   */
  record Links(String name, Query query, String prefix, boolean firstOnly) implements StreamKind {

    boolean has(SeenEvent event) {
      boolean system = event.stream().startsWith("$");
      return !system && event.stream().startsWith(prefix) && (!firstOnly || event.revision() == 0);
    }
  }

  static StreamKind of(StreamId name) {
    String text = name.value();
    if (text.startsWith(METADATA_PREFIX) && text.length() > METADATA_PREFIX.length()) {
      return new MetadataOf(new StreamId(text.substring(METADATA_PREFIX.length())));
    }
    String category = behind("$ce-", text);
    if (category != null) {
      return new Links(text, ofCategory(category), category + "-", false);
    }
    String type = behind("$et-", text);
    if (type != null) {
      return new Links(text, item(Set.of(type), Set.of()), "", false);
    }
    String streams = behind("$category-", text);
    if (streams != null) {
      return new Links(text, ofCategory(streams), streams + "-", true);
    }
    if (text.equals("$streams")) {
      return new Links(text, Query.everything(), "", true);
    }
    return new Plain(name);
  }

  private static @Nullable String behind(String prefix, String text) {
    return text.startsWith(prefix) && text.length() > prefix.length()
        ? text.substring(prefix.length())
        : null;
  }

  private static Query ofCategory(String category) {
    return item(Set.of(), Set.of(category));
  }

  private static Query item(Set<String> types, Set<String> categories) {
    return new Query(List.of(new Query.Item(types, Set.of(), List.of(), categories)));
  }
}
