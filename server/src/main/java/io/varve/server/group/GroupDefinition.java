package io.varve.server.group;

import java.time.Instant;

/**
 * What a group is.
 *
 * @param name unique in the store
 * @param source what it consumes
 * @param start where it started
 * @param settings how it behaves
 * @param createdAt when it was created
 */
public record GroupDefinition(
    String name, GroupSource source, GroupStart start, GroupSettings settings, Instant createdAt) {

  /** The same group with other settings. */
  GroupDefinition with(GroupSettings others) {
    return new GroupDefinition(name, source, start, others, createdAt);
  }
}
