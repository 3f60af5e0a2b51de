package io.varve.server.history;

import java.util.Set;
import java.util.TreeSet;

/**
 * Which events a read or a condition is about.
 *
 * @param types the event's type is any of these; empty for any type
 * @param tags the event has all of these
 */
public record Selection(Set<String> types, Set<String> tags) {
  /** Every event. */
  public static final Selection EVERYTHING = new Selection(Set.of(), Set.of());

  public Selection {
    types = Set.copyOf(types);
    tags = Set.copyOf(tags);
  }

  @Override
  public String toString() {
    return equals(EVERYTHING) ? "everything" : "" + new TreeSet<>(types) + new TreeSet<>(tags);
  }

  boolean matches(LoggedEvent event) {
    return (types.isEmpty() || types.contains(event.type())) && event.tags().containsAll(tags);
  }
}
