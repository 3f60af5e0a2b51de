package io.varve.server.history;

import java.util.Set;
import java.util.UUID;

/** An event as a read returns it, as far as histories know events. */
public record LoggedEvent(
    UUID id, String stream, String type, Set<String> tags, long version, long position) {
  public LoggedEvent {
    tags = Set.copyOf(tags);
  }

  @Override
  public String toString() {
    return "%d=%s@%d(%s)".formatted(position, stream, version, id.toString().substring(24));
  }
}
