package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.RecordedEvent;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where events come from: the conversation that they belong to, and the message that caused them.
 * It is written into their metadata. Immutable.
 *
 * <pre>{@code
 * EventContext.begin();                                   // a new conversation, such as a request
 * EventContext.causedBy(transferStarted);                 // goes on with the conversation of an event
 * EventContext.begin().with("user", "ada");
 * }</pre>
 */
public final class EventContext {

  /**
   * The metadata key of the conversation: the same for everything that one request set in motion.
   */
  public static final String CORRELATION_ID = "correlation-id";

  /** The metadata key of the command or event that directly caused this event. */
  public static final String CAUSATION_ID = "causation-id";

  private final String correlationId;
  private final String causationId;
  private final Map<String, String> metadata;
  private final @Nullable Instant occurredAt;

  private EventContext(
      String correlationId,
      String causationId,
      Map<String, String> metadata,
      @Nullable Instant occurredAt) {
    this.correlationId = requireNonNull(correlationId);
    this.causationId = requireNonNull(causationId);
    this.metadata = Map.copyOf(metadata);
    this.occurredAt = occurredAt;
  }

  /** A new conversation under a random id, which is also the cause of its first events. */
  public static EventContext begin() {
    String id = UUID.randomUUID().toString();
    return new EventContext(id, id, Map.of(), null);
  }

  /** Part of this conversation, caused by the message with this id. */
  public static EventContext of(String correlationId, String causationId) {
    return new EventContext(correlationId, causationId, Map.of(), null);
  }

  /**
   * What this event causes: in the same conversation, which begins with the event if it belongs to
   * none.
   */
  public static EventContext causedBy(RecordedEvent event) {
    String id = event.id().toString();
    return new EventContext(event.metadata().getOrDefault(CORRELATION_ID, id), id, Map.of(), null);
  }

  /** This context with an entry more, or another value for it. */
  public EventContext with(String key, String value) {
    Map<String, String> more = new LinkedHashMap<>(metadata);
    more.put(key, value);
    return new EventContext(correlationId, causationId, more, occurredAt);
  }

  /** This context with another direct cause. */
  public EventContext causedBy(String causationId) {
    return new EventContext(correlationId, causationId, metadata, occurredAt);
  }

  /** This context, with a time at which the facts became true in the writer's world. */
  public EventContext occurredAt(Instant occurredAt) {
    return new EventContext(correlationId, causationId, metadata, occurredAt);
  }

  /** The conversation. */
  public String correlationId() {
    return correlationId;
  }

  /** The command or event that directly causes what is written. */
  public String causationId() {
    return causationId;
  }

  /** Further entries. Unmodifiable. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** When the facts became true in the writer's world; null: not stated. */
  public @Nullable Instant occurredAt() {
    return occurredAt;
  }

  @Override
  public String toString() {
    return "EventContext[correlation " + correlationId + ", causation " + causationId + "]";
  }
}
