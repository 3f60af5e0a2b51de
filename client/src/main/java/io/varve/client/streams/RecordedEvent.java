package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event as the store keeps it: what its writer handed over, and the place and time that the
 * commit gave it. Immutable.
 */
public final class RecordedEvent {

  private final String stream;
  private final long version;
  private final long position;
  private final Instant recordedAt;
  private final NewEvent event;

  /**
   * Made by stores, and by tests of code that takes recorded events.
   *
   * @throws IllegalArgumentException version or position is not 1 or higher
   */
  public RecordedEvent(
      String stream, long version, long position, Instant recordedAt, NewEvent event) {
    if (version < 1 || position < 1) {
      throw new IllegalArgumentException(
          "version and position must be >= 1, were " + version + " and " + position);
    }
    this.stream = requireNonNull(stream);
    this.version = version;
    this.position = position;
    this.recordedAt = requireNonNull(recordedAt);
    this.event = requireNonNull(event);
  }

  /** The stream that the event belongs to. */
  public String stream() {
    return stream;
  }

  /** The event's place in its stream: 1, 2, 3 … without gaps. */
  public long version() {
    return version;
  }

  /**
   * The event's place in the log, from 1; strictly increasing, and the next event's need not be one
   * higher.
   */
  public long position() {
    return position;
  }

  /**
   * The server's time of the commit. It never falls as the position rises; several events may share
   * one.
   */
  public Instant recordedAt() {
    return recordedAt;
  }

  /** Unique in the whole store. */
  public UUID id() {
    return event.id();
  }

  /** What happened, as the writer named it. */
  public String type() {
    return event.type();
  }

  /** The payload, exactly as it was written; a new copy at each call. */
  public byte[] data() {
    return event.data();
  }

  /** The payload read as UTF-8; bytes that are not UTF-8 come out as U+FFFD. */
  public String dataAsString() {
    return event.dataAsString();
  }

  /** The payload's length in bytes. */
  public int dataLength() {
    return event.dataLength();
  }

  /** The payload's MIME type; empty: the writer did not state it. */
  public String contentType() {
    return event.contentType();
  }

  /** The writer's metadata. Unmodifiable. */
  public Map<String, String> metadata() {
    return event.metadata();
  }

  /** The writer's tags, each once, in the order given. Unmodifiable. */
  public List<String> tags() {
    return event.tags();
  }

  /** When the fact became true in the writer's world; null: not stated. */
  public @Nullable Instant occurredAt() {
    return event.occurredAt();
  }

  /** The event as its writer handed it over, with the same id. */
  public NewEvent asWritten() {
    return event;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RecordedEvent that
        && stream.equals(that.stream)
        && version == that.version
        && position == that.position
        && recordedAt.equals(that.recordedAt)
        && event.equals(that.event);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(position);
  }

  /** Type and place; the payload is left out, because it may be secret. */
  @Override
  public String toString() {
    return "RecordedEvent["
        + type()
        + ", "
        + stream
        + " version "
        + version
        + ", position "
        + position
        + "]";
  }
}
