package io.varve.server.api.kurrent;

import io.varve.server.event.StreamId;
import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSource;
import org.jspecify.annotations.Nullable;

/**
 * A group as this protocol names it: by its source and its own name. In Varve it is called by both.
 *
 * @param source a stream, or {@link #ALL}
 * @param group the group's own name
 */
record GroupName(String source, String group) {
  static final String ALL = "$all";

  private static final String BETWEEN = "::";

  /** The name in Varve. */
  String whole() {
    return source + BETWEEN + group;
  }

  boolean isOnLog() {
    return source.equals(ALL);
  }

  /**
   * Whether a text can be a group's own name: in a whole name the last "::" stands behind the
   * source, so that it names one group and no other.
   */
  static boolean isOwn(String group) {
    return !group.isEmpty() && !group.startsWith(":") && !group.contains(BETWEEN);
  }

  /**
   * The name by which a group is asked for here; null if there is none, since Varve's own API made
   * it under another, or on a stream of the server's own, whose name may be a view's here.
   */
  static @Nullable GroupName of(GroupDefinition group) {
    String source = group.attributes().get(GroupForm.SOURCE);
    if (source == null
        && group.source() instanceof GroupSource.OfStream(StreamId stream)
        && !stream.isSystem()) {
      source = stream.value();
    }
    if (source == null || !group.name().startsWith(source + BETWEEN)) {
      return null;
    }
    String own = group.name().substring(source.length() + BETWEEN.length());
    return isOwn(own) ? new GroupName(source, own) : null;
  }
}
