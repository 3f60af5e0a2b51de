package io.varve.server.api.kurrent;

import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import io.varve.server.event.StreamId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Ids for events whose writers' ids are in the store already.
 *
 * <p>In this protocol an id belongs to an append: it may come again in another stream, or in the
 * same one under another expected revision, as another event. In Varve an id belongs to one event.
 * Such an event gets an id that is made from all that tells it apart, so that a repeat of its
 * append makes the same one, and keeps its writer's id in its metadata.
 */
public final class EventIds {
  private EventIds() {}

  /** The same events, with no id twice among them. */
  static List<NewEvent> eachOnce(StreamId stream, List<NewEvent> events) {
    return eachOnce(stream, events, new HashSet<>(), 0);
  }

  /**
   * The same for a part of an append.
   *
   * @param seen the ids of the parts before, to which this one's are added
   * @param before how many events the parts before have
   */
  static List<NewEvent> eachOnce(
      StreamId stream, List<NewEvent> events, Set<UUID> seen, int before) {
    List<NewEvent> all = new ArrayList<>(events.size());
    for (NewEvent event : events) {
      NewEvent one = event;
      while (!seen.add(one.id())) {
        one = renamed(one, stream + "#" + (before + all.size()));
      }
      all.add(one);
    }
    return all;
  }

  /** The same events under ids that belong to this append alone. */
  static List<NewEvent> ofAppend(StreamId stream, ExpectedVersion expected, List<NewEvent> events) {
    String append = stream + "@" + KurrentErrors.number(expected);
    return events.stream().map(event -> renamed(event, append)).toList();
  }

  /**
   * What is said about a stream, under an id that belongs to exactly this wish: the same words
   * under the same expectation are a repeat, and nothing else is.
   *
   * @param name the metadata stream
   */
  static NewEvent ofMetadata(String name, ExpectedVersion expected, NewEvent event) {
    UUID words = UUID.nameUUIDFromBytes(event.data());
    return renamed(event, name + "@" + KurrentErrors.number(expected) + "@" + words);
  }

  /**
   * The id of an event that was taken over from elsewhere to a stream where its own id is taken:
   * the one that it would have got here, had it been appended by itself at this revision.
   *
   * @param id its writer's id, to be kept as {@link CustomMetadata#EVENT_ID}
   */
  public static UUID takenOver(UUID id, String stream, long revision) {
    return made(id, stream + "@" + (revision - 1));
  }

  private static UUID made(UUID id, String append) {
    return UUID.nameUUIDFromBytes((id + "@" + append).getBytes(StandardCharsets.UTF_8));
  }

  private static NewEvent renamed(NewEvent event, String append) {
    UUID id = made(event.id(), append);
    Map<String, String> metadata = new LinkedHashMap<>(event.metadata());
    metadata.putIfAbsent(CustomMetadata.EVENT_ID, event.id().toString());
    return new NewEvent(
        id,
        false,
        event.type(),
        event.data(),
        event.contentType(),
        metadata,
        event.tags(),
        event.occurredAt());
  }
}
