package io.varve.client.streams;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A request to read one stream, by default all of it, oldest event first. Immutable: each method
 * gives a new request.
 *
 * <pre>{@code
 * ReadStream.of("account-42");                              // from the first event to the last
 * ReadStream.of("account-42").fromVersion(7).limit(10);     // versions 7 to 16
 * ReadStream.of("account-42").backwards().limit(1);         // the last event
 * ReadStream.of("account-42").fromSnapshot();               // the newest snapshot, and what came since
 * }</pre>
 */
public final class ReadStream {

  private final String stream;
  private final long fromVersion;
  private final boolean backwards;
  private final long limit;
  private final @Nullable Instant asOf;
  private final long notBeforePosition;
  private final boolean fromSnapshot;
  private final boolean skipArchived;

  private ReadStream(
      String stream,
      long fromVersion,
      boolean backwards,
      long limit,
      @Nullable Instant asOf,
      long notBeforePosition,
      boolean fromSnapshot,
      boolean skipArchived) {
    this.skipArchived = skipArchived;
    this.stream = Arguments.wellFormed("stream", stream);
    this.fromVersion = Arguments.notNegative("fromVersion", fromVersion);
    this.backwards = backwards;
    this.limit = Arguments.notNegative("limit", limit);
    this.asOf = asOf == null ? null : Arguments.time("asOf", asOf);
    this.notBeforePosition = Arguments.notNegative("notBeforePosition", notBeforePosition);
    this.fromSnapshot = fromSnapshot;
  }

  /** All of this stream. */
  public static ReadStream of(String stream) {
    return new ReadStream(stream, 0, false, 0, null, 0, false, false);
  }

  /**
   * Starts at this version, inclusive. 0: at the first event that is kept, or the last if
   * backwards.
   */
  public ReadStream fromVersion(long version) {
    return new ReadStream(
        stream, version, backwards, limit, asOf, notBeforePosition, fromSnapshot, skipArchived);
  }

  /** Newest event first. */
  public ReadStream backwards() {
    return new ReadStream(
        stream, fromVersion, true, limit, asOf, notBeforePosition, fromSnapshot, skipArchived);
  }

  /** At most this many events. 0: no limit. */
  public ReadStream limit(long limit) {
    return new ReadStream(
        stream, fromVersion, backwards, limit, asOf, notBeforePosition, fromSnapshot, skipArchived);
  }

  /** The stream as it was at this time: only events recorded at or before it. */
  public ReadStream asOf(Instant time) {
    return new ReadStream(
        stream, fromVersion, backwards, limit, time, notBeforePosition, fromSnapshot, skipArchived);
  }

  /**
   * Begins only once the log has reached this position, or fails when the store's deadline has
   * passed. 0: at once.
   */
  public ReadStream notBeforePosition(long position) {
    return new ReadStream(
        stream, fromVersion, backwards, limit, asOf, position, fromSnapshot, skipArchived);
  }

  /**
   * Starts with the stream's newest snapshot, which {@link EventReader#snapshot} gives, and then
   * has only the events after its version; without a snapshot, the whole stream. With {@link
   * #asOf}, the newest snapshot whose version was recorded at or before that time. A limit counts
   * events only. Not together with {@link #backwards} or {@link #fromVersion}.
   */
  public ReadStream fromSnapshot() {
    return new ReadStream(
        stream, fromVersion, backwards, limit, asOf, notBeforePosition, true, skipArchived);
  }

  /**
   * Leaves out events that were in the archive when the read began. Forwards, the read then begins
   * at the first one that was not. With {@link #fromSnapshot}, a state that would need one that is
   * left out is refused with {@link EventsNotKeptException}.
   */
  public ReadStream skipArchived() {
    return new ReadStream(
        stream, fromVersion, backwards, limit, asOf, notBeforePosition, fromSnapshot, true);
  }

  /** The stream's name. */
  public String stream() {
    return stream;
  }

  /** The version to start at; 0: at the stream's end that comes first. */
  public long fromVersion() {
    return fromVersion;
  }

  /** Whether the newest event comes first. */
  public boolean isBackwards() {
    return backwards;
  }

  /** How many events at most; 0: no limit. */
  public long limit() {
    return limit;
  }

  /** The time as of which the stream is read; null: now. */
  public @Nullable Instant asOf() {
    return asOf;
  }

  /** The position that the log must have reached; 0: any. */
  public long notBeforePosition() {
    return notBeforePosition;
  }

  /** Whether the newest snapshot stands in for the events up to it. */
  public boolean isFromSnapshot() {
    return fromSnapshot;
  }

  /** Whether events in the archive are left out. */
  public boolean isSkipArchived() {
    return skipArchived;
  }

  @Override
  public String toString() {
    return "ReadStream["
        + stream
        + (fromVersion > 0 ? ", from version " + fromVersion : "")
        + (backwards ? ", backwards" : "")
        + (limit > 0 ? ", limit " + limit : "")
        + (asOf != null ? ", as of " + asOf : "")
        + (fromSnapshot ? ", from the newest snapshot" : "")
        + (notBeforePosition > 0 ? ", not before position " + notBeforePosition : "")
        + (skipArchived ? ", without the archive" : "")
        + "]";
  }
}
