package io.varve.client.eventsourcing;

import io.varve.client.streams.EventIds;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The ids of the events that one command gives rise to, derived from the command's own id, so that
 * the store itself knows whether it has been carried out.
 *
 * <p>A command's events stand next to one another in the log, which is where they are looked for:
 * what has become of their stream since does not matter, as long as the events are in the store.
 */
public final class CommandEvents {

  private static final UUID NAMESPACE = UUID.fromString("7d5b1f0e-6f0a-5c52-9a35-3c1c7f0f6d11");

  /** How many events are looked at first; each further time many more. */
  private static final int FIRST_LOOK = 16;

  private final String scope;
  private final String commandId;

  private CommandEvents(String scope, String commandId) {
    this.scope = scope;
    this.commandId = commandId;
  }

  /**
   * The events of a command.
   *
   * @param scope within which the command's id is unique, such as the aggregate's stream
   */
  public static CommandEvents of(String scope, String commandId) {
    return new CommandEvents(scope, commandId);
  }

  /** The id of the command's event with this index, from 0. */
  public UUID id(int index) {
    return EventIds.named(NAMESPACE, scope, commandId, Integer.toString(index));
  }

  /** What the command has given rise to, in order; empty: it has not been carried out. */
  public List<RecordedEvent> find(EventStore store) {
    List<RecordedEvent> found = new ArrayList<>();
    Optional<RecordedEvent> first = store.getEvent(id(0));
    if (first.isPresent()) {
      found.add(first.get());
      int look = FIRST_LOOK;
      while (readOn(store, found, look)) {
        look *= FIRST_LOOK;
      }
    }
    return found;
  }

  /** Takes up to so many events more; returns whether they were all the command's. */
  private boolean readOn(EventStore store, List<RecordedEvent> found, int limit) {
    ReadLog next = ReadLog.all().fromPosition(found.getLast().position() + 1).limit(limit);
    int taken = 0;
    try (EventReader reader = store.readLog(next)) {
      for (RecordedEvent event : reader) {
        if (!event.id().equals(id(found.size()))) {
          return false;
        }
        found.add(event);
        taken++;
      }
    }
    return taken == limit;
  }
}
