package io.varve.server.api.kurrent;

import io.varve.server.group.GroupDefinition;
import io.varve.server.group.GroupSource;

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

  /** The name of a group, whoever created it. */
  static GroupName of(GroupDefinition group) {
    String source = group.attributes().get(GroupForm.SOURCE);
    if (source == null) {
      source =
          group.source() instanceof GroupSource.OfStream stream ? stream.stream().value() : ALL;
    }
    String prefix = source + BETWEEN;
    String name = group.name();
    return new GroupName(source, name.startsWith(prefix) ? name.substring(prefix.length()) : name);
  }
}
