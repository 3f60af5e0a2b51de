package io.varve.server.group;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a group is.
 *
 * @param name unique in the store
 * @param source what it consumes
 * @param start where it started
 * @param settings how it behaves
 * @param createdAt when it was created
 * @param attributes what an edge wants to be kept with it; of no meaning to the group but for
 *     {@link #PINNED_BY}
 */
public record GroupDefinition(
    String name,
    GroupSource source,
    GroupStart start,
    GroupSettings settings,
    Instant createdAt,
    Map<String, String> attributes) {

  /**
   * The attribute that names a metadata key: under {@link GroupStrategy#PINNED} events of one value
   * go to the same consumer, and those that have none by their streams.
   */
  public static final String PINNED_BY = "pinned-by";

  public GroupDefinition {
    attributes = Map.copyOf(attributes);
  }

  /** A group without attributes. */
  public GroupDefinition(
      String name,
      GroupSource source,
      GroupStart start,
      GroupSettings settings,
      Instant createdAt) {
    this(name, source, start, settings, createdAt, Map.of());
  }

  /** The metadata key by which events are pinned; null when they are by their streams. */
  @Nullable String pinnedBy() {
    return attributes.get(PINNED_BY);
  }

  /** The same group with other settings. */
  GroupDefinition with(GroupSettings others, Map<String, String> otherAttributes) {
    return new GroupDefinition(name, source, start, others, createdAt, otherAttributes);
  }
}
