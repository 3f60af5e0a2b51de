package io.varve.client.eventsourcing;

import static java.util.Objects.requireNonNull;

import io.varve.client.streams.RecordedEvent;
import java.nio.charset.StandardCharsets;

/**
 * What an upcaster works on: an event's type, the schema version of its payload, and the payload.
 * Immutable; each step gives a new one.
 */
public final class EventPayload {

  private final RecordedEvent recorded;
  private final String type;
  private final int schemaVersion;
  private final byte[] data;

  private EventPayload(RecordedEvent recorded, String type, int schemaVersion, byte[] data) {
    this.recorded = recorded;
    this.type = requireNonNull(type);
    this.schemaVersion = schemaVersion;
    this.data = data;
  }

  /** What the store has; its schema version is 1 unless its metadata says otherwise. */
  static EventPayload of(RecordedEvent recorded, int schemaVersion) {
    return new EventPayload(recorded, recorded.type(), schemaVersion, recorded.data());
  }

  /** The event as it is stored: its place, its times, its metadata. */
  public RecordedEvent recorded() {
    return recorded;
  }

  /** The event's type, after the steps so far. */
  public String type() {
    return type;
  }

  /** The schema version of the payload, after the steps so far; from 1. */
  public int schemaVersion() {
    return schemaVersion;
  }

  /** The payload, a new copy at each call. */
  public byte[] data() {
    return data.clone();
  }

  /** The payload read as UTF-8. */
  public String dataAsString() {
    return new String(data, StandardCharsets.UTF_8);
  }

  /** The same payload under another type; its schema version there is given too. */
  public EventPayload as(String type, int schemaVersion) {
    if (schemaVersion < 1) {
      throw new IllegalArgumentException("schema version must be >= 1, was " + schemaVersion);
    }
    return new EventPayload(recorded, type, schemaVersion, data);
  }

  /** Another payload, copied, under the same type and schema version. */
  public EventPayload withData(byte[] data) {
    return new EventPayload(recorded, type, schemaVersion, data.clone());
  }

  /** Type and schema version; the payload is left out, because it may be secret. */
  @Override
  public String toString() {
    return type + " of schema version " + schemaVersion;
  }
}
