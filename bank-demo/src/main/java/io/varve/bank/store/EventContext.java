package io.varve.bank.store;

import io.varve.client.streams.RecordedEvent;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an event's metadata says of where it came from.
 *
 * @param correlationId the conversation: the same for everything that one request set in motion
 * @param causationId the command or event that directly caused this one
 * @param facts further entries, under the names below
 */
public record EventContext(String correlationId, String causationId, Map<String, String> facts) {

  public static final String CORRELATION_ID = "correlation-id";
  public static final String CAUSATION_ID = "causation-id";

  /** The transfer that a movement of money belongs to, and the step of it. */
  public static final String TRANSFER_ID = "transfer-id";

  public static final String TRANSFER_STEP = "transfer-step";

  /** The command behind an Idempotency-Key, so that a key used for two commands is noticed. */
  public static final String COMMAND = "command";

  public EventContext {
    facts = Map.copyOf(facts);
  }

  /** The context of what this event causes. */
  public static EventContext causedBy(RecordedEvent cause, Map<String, String> facts) {
    String id = cause.id().toString();
    return new EventContext(cause.metadata().getOrDefault(CORRELATION_ID, id), id, facts);
  }

  Map<String, String> asMetadata() {
    Map<String, String> metadata = new TreeMap<>(facts);
    metadata.put(CORRELATION_ID, correlationId);
    metadata.put(CAUSATION_ID, causationId);
    return metadata;
  }
}
