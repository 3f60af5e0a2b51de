package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event as its writer hands it over: a fact that happened, named in the past tense. Immutable.
 *
 * <p>Its id is there from the start (a UUIDv7 unless given), which is what makes a repeated append
 * of the same object safe. The store checks limits, not this class: type 1 to 256 bytes of UTF-8,
 * payload 4 MiB, metadata 64 KiB in all, 64 tags of 1 to 256 bytes (the server's defaults).
 *
 * <pre>{@code
 * NewEvent opened = NewEvent.json("AccountOpened", "{\"owner\":\"Ada\"}");
 * NewEvent deposited = NewEvent.builder("MoneyDeposited").json("{\"amount\":\"25.00\"}").tag("branch:7").build();
 * }</pre>
 */
public final class NewEvent {

  /** The content type of {@link #json} payloads. */
  public static final String JSON = "application/json";

  private final UUID id;
  private final String type;
  private final byte[] data;
  private final String contentType;
  private final Map<String, String> metadata;
  private final List<String> tags;
  private final @Nullable Instant occurredAt;

  private NewEvent(Builder from) {
    this.id = from.id == null ? EventIds.next() : from.id;
    this.type = from.type;
    this.data = from.data;
    this.contentType = from.contentType;
    this.metadata = from.takeMetadata();
    this.tags = from.tags == null ? List.of() : List.copyOf(from.tags);
    this.occurredAt = from.occurredAt;
  }

  /** An event with a payload of bytes, copied, whose content type is not stated. */
  public static NewEvent of(String type, byte[] data) {
    return builder(type).data(data).build();
  }

  /**
   * An event with a JSON payload. The text is stored exactly as given; nobody checks that it is
   * JSON.
   */
  public static NewEvent json(String type, String json) {
    return builder(type).json(json).build();
  }

  /** Starts an event of this type, with an empty payload and nothing else. */
  public static Builder builder(String type) {
    return new Builder(type);
  }

  /** Unique in the whole store. */
  public UUID id() {
    return id;
  }

  /** What happened, such as {@code MoneyDeposited}. */
  public String type() {
    return type;
  }

  /** The payload, a new copy at each call; empty if there is none. */
  public byte[] data() {
    return data.clone();
  }

  /** The payload read as UTF-8; bytes that are not UTF-8 come out as U+FFFD. */
  public String dataAsString() {
    return new String(data, StandardCharsets.UTF_8);
  }

  /** The payload's length in bytes. */
  public int dataLength() {
    return data.length;
  }

  /** The payload's MIME type; empty: not stated. */
  public String contentType() {
    return contentType;
  }

  /**
   * Facts about the event that are not part of it, such as correlation and causation ids.
   * Unmodifiable, in the order in which they were given.
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Labels by which events are found across streams, each once, in the order given. Unmodifiable.
   */
  public List<String> tags() {
    return tags;
  }

  /**
   * When the fact became true in the writer's world; null: not stated. The store never orders by
   * it.
   */
  public @Nullable Instant occurredAt() {
    return occurredAt;
  }

  /** A builder that holds everything of this event, its id included. */
  public Builder toBuilder() {
    Builder builder =
        new Builder(type).id(id).contentType(contentType).metadata(metadata).tags(tags);
    builder.data = data;
    builder.occurredAt = occurredAt;
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof NewEvent that
        && id.equals(that.id)
        && type.equals(that.type)
        && Arrays.equals(data, that.data)
        && contentType.equals(that.contentType)
        && metadata.equals(that.metadata)
        && tags.equals(that.tags)
        && Objects.equals(occurredAt, that.occurredAt);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  /** Type, id and size; the payload is left out, because it may be secret. */
  @Override
  public String toString() {
    return "NewEvent[" + type + ", id=" + id + ", " + data.length + " bytes]";
  }

  /** Builds a {@link NewEvent}. Not safe for use by several threads. */
  public static final class Builder {

    /*
     * Every event that is read comes from a builder too, so it makes no collection before there is
     * something to put in, and copies none that it can hand over.
     */

    private static final byte[] NO_DATA = {};

    private final String type;
    private @Nullable UUID id;
    private byte[] data = NO_DATA;
    private String contentType = "";
    private @Nullable Map<String, String> metadata; // null: none yet
    private boolean metadataTaken; // an event has the map, which must not change any more
    private @Nullable Set<String> tags; // null: none yet
    private @Nullable Instant occurredAt;

    private Builder(String type) {
      this.type = Arguments.wellFormed("type", type);
    }

    /** The event's id. Left out: {@link #build} makes a UUIDv7. */
    public Builder id(UUID id) {
      this.id = requireNonNull(id);
      return this;
    }

    /** The payload, copied. */
    public Builder data(byte[] data) {
      this.data = data.clone();
      return this;
    }

    /** The payload: what remains in the buffer, copied; the buffer's own position stays. */
    public Builder data(ByteBuffer data) {
      byte[] copy = new byte[data.remaining()];
      data.get(data.position(), copy);
      this.data = copy;
      return this;
    }

    /**
     * The payload as JSON text, stored exactly as given; sets the content type to {@link #JSON}.
     */
    public Builder json(String json) {
      this.data = Arguments.wellFormed("json", json).getBytes(StandardCharsets.UTF_8);
      this.contentType = JSON;
      return this;
    }

    /** The payload's MIME type; empty: not stated. */
    public Builder contentType(String contentType) {
      this.contentType = Arguments.wellFormed("content type", contentType);
      return this;
    }

    /**
     * Adds an entry, or replaces the one with this key. Keys that start with {@code $} are the
     * server's own.
     */
    public Builder metadata(String key, String value) {
      Arguments.wellFormed("metadata key", key);
      Arguments.wellFormed("metadata value", value);
      if (metadata == null || metadataTaken) {
        metadata = metadata == null ? new LinkedHashMap<>(8) : new LinkedHashMap<>(metadata);
        metadataTaken = false;
      }
      metadata.put(key, value);
      return this;
    }

    /** Adds all these entries. */
    public Builder metadata(Map<String, String> entries) {
      entries.forEach(this::metadata);
      return this;
    }

    /** In the order in which they were given: shown as JSON they are the same bytes again. */
    private Map<String, String> takeMetadata() {
      if (metadata == null) {
        return Collections.emptyMap();
      }
      metadataTaken = true;
      return Collections.unmodifiableMap(metadata);
    }

    /** Adds a tag; one that is there already counts once. */
    public Builder tag(String tag) {
      Arguments.wellFormed("tag", tag);
      if (tags == null) {
        tags = new LinkedHashSet<>(8);
      }
      tags.add(tag);
      return this;
    }

    /** Adds all these tags. */
    public Builder tags(Collection<String> tags) {
      tags.forEach(this::tag);
      return this;
    }

    /** When the fact became true in the writer's world, from year 1 to year 9999. */
    public Builder occurredAt(Instant occurredAt) {
      this.occurredAt = Arguments.time("occurredAt", occurredAt);
      return this;
    }

    /** The event. A builder without an id makes a new one at each call. */
    public NewEvent build() {
      return new NewEvent(this);
    }
  }
}
