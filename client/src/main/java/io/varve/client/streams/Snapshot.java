package io.varve.client.streams;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A cached fold of a stream up to a version, so that a long stream loads quickly. Immutable. Losing
 * every snapshot loses nothing but time.
 *
 * <pre>{@code
 * Snapshot.json("account-42", 1_000, "{\"balance\":\"25.00\"}");
 * Snapshot.builder("account-42", 1_000).schemaVersion(3).data(bytes).build();
 * }</pre>
 */
public final class Snapshot {

  private final String stream;
  private final long version;
  private final int schemaVersion;
  private final String contentType;
  private final byte[] data;
  private final @Nullable Instant savedAt;

  private Snapshot(Builder from) {
    this.stream = from.stream;
    this.version = from.version;
    this.schemaVersion = from.schemaVersion;
    this.contentType = from.contentType;
    this.data = from.data;
    this.savedAt = from.savedAt;
  }

  /** A snapshot of bytes, copied, whose content type is not stated, with schema version 0. */
  public static Snapshot of(String stream, long version, byte[] data) {
    return builder(stream, version).data(data).build();
  }

  /** A snapshot of JSON text, stored exactly as given, with schema version 0. */
  public static Snapshot json(String stream, long version, String json) {
    return builder(stream, version).json(json).build();
  }

  /**
   * Starts a snapshot without data, with schema version 0.
   *
   * @param version up to which the stream's events are folded in, 1 or higher
   * @throws IllegalArgumentException the version is negative, or the name holds half a surrogate
   *     pair
   */
  public static Builder builder(String stream, long version) {
    return new Builder(stream, version);
  }

  /** The stream. */
  public String stream() {
    return stream;
  }

  /** The version up to which events are folded in; the stream goes on after it. */
  public long version() {
    return version;
  }

  /**
   * The application's number for the shape of the data, 0 or higher. A reader that expects another
   * one ignores the snapshot.
   */
  public int schemaVersion() {
    return schemaVersion;
  }

  /** The data's MIME type; empty: not stated. */
  public String contentType() {
    return contentType;
  }

  /** The state, a new copy at each call. */
  public byte[] data() {
    return data.clone();
  }

  /** The state read as UTF-8; bytes that are not UTF-8 come out as U+FFFD. */
  public String dataAsString() {
    return new String(data, StandardCharsets.UTF_8);
  }

  /** The state's length in bytes. */
  public int dataLength() {
    return data.length;
  }

  /** When the store took it in; null: it has not been stored yet. */
  public @Nullable Instant savedAt() {
    return savedAt;
  }

  /** Everything but the data. */
  public SnapshotInfo info() {
    return new SnapshotInfo(stream, version, schemaVersion, contentType, savedAt);
  }

  /** A builder that holds everything of this snapshot. */
  public Builder toBuilder() {
    Builder builder = new Builder(stream, version);
    builder.schemaVersion = schemaVersion;
    builder.contentType = contentType;
    builder.data = data;
    builder.savedAt = savedAt;
    return builder;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Snapshot that
        && stream.equals(that.stream)
        && version == that.version
        && schemaVersion == that.schemaVersion
        && contentType.equals(that.contentType)
        && Arrays.equals(data, that.data)
        && Objects.equals(savedAt, that.savedAt);
  }

  @Override
  public int hashCode() {
    return Objects.hash(stream, version);
  }

  /** Place and size; the data is left out, because it may be secret. */
  @Override
  public String toString() {
    return "Snapshot[" + stream + " version " + version + ", " + data.length + " bytes]";
  }

  /** Builds a {@link Snapshot}. Not safe for use by several threads. */
  public static final class Builder {

    private static final byte[] NO_DATA = {};

    private final String stream;
    private final long version;
    private int schemaVersion;
    private String contentType = "";
    private byte[] data = NO_DATA;
    private @Nullable Instant savedAt;

    private Builder(String stream, long version) {
      this.stream = Arguments.wellFormed("stream", stream);
      this.version = Arguments.notNegative("version", version);
    }

    /**
     * The application's number for the shape of the data.
     *
     * @throws IllegalArgumentException it is negative
     */
    public Builder schemaVersion(int schemaVersion) {
      this.schemaVersion = (int) Arguments.notNegative("schemaVersion", schemaVersion);
      return this;
    }

    /** The data's MIME type, at most 256 bytes; empty: not stated. */
    public Builder contentType(String contentType) {
      this.contentType = Arguments.wellFormed("content type", contentType);
      return this;
    }

    /** The state, copied; at most 4 MiB by default. */
    public Builder data(byte[] data) {
      this.data = data.clone();
      return this;
    }

    /** The state: what remains in the buffer, copied; the buffer's own position stays. */
    public Builder data(ByteBuffer data) {
      byte[] copy = new byte[data.remaining()];
      data.duplicate().get(copy);
      this.data = copy;
      return this;
    }

    /**
     * The state as JSON text, stored exactly as given; sets the content type to {@link
     * NewEvent#JSON}.
     */
    public Builder json(String json) {
      this.data = Arguments.wellFormed("json", json).getBytes(StandardCharsets.UTF_8);
      this.contentType = NewEvent.JSON;
      return this;
    }

    /** When the store took it in. Said by stores; ignored when a snapshot is saved. */
    public Builder savedAt(Instant savedAt) {
      this.savedAt = requireNonNull(savedAt);
      return this;
    }

    /** The snapshot. */
    public Snapshot build() {
      return new Snapshot(this);
    }
  }
}
