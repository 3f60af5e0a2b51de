package io.varve.client.streams;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * The life of streams: what there is, what is kept, and what is closed. Reached by {@link
 * EventStore#streams}; any thread may call it.
 *
 * <p>A change is in force, for every read that begins afterwards, once its call returns. It is
 * recorded as one event in the system stream {@code $streams} that says what, why and who; the
 * change answers with that event's log position. System streams themselves cannot be changed.
 *
 * <p>A change is made once at most: it is tried again only after errors that say that nothing was
 * done. If its answer is lost, {@link StoreUnavailableException} says that the outcome is unknown;
 * {@link #get} tells.
 *
 * <pre>{@code
 * store.streams().setRetention("sensor-7", Retention.newest(1_000));
 * store.streams().delete("account-42", StreamChange.because("customer left"));
 * store.streams().ofCategory("account").forEach(account -> System.out.println(account.stream()));
 * }</pre>
 */
public interface Streams {

  /**
   * What the store knows about a stream, deleted and closed ones included. Empty: it has never had
   * an event, and nobody has set its retention or closed it.
   *
   * @throws InvalidRequestException the name is malformed
   * @throws StoreUnavailableException the store did not answer in time
   */
  Optional<StreamInfo> get(String stream);

  /**
   * Every stream that has or had an event, deleted, closed and system streams included, in the byte
   * order of their names (UTF-8). Fetched page by page as the list is taken, so a stream that
   * appears meanwhile may be in it or not. For one pass; there is nothing to close.
   *
   * <p>While it is taken, a store that goes away is a {@link StoreUnavailableException}.
   */
  Stream<StreamInfo> all();

  /** Of {@link #all}, those whose names start with this text; empty: all. */
  Stream<StreamInfo> withPrefix(String prefix);

  /**
   * Of {@link #all}, those of this category: the name up to the first {@code -}, or the whole name
   * if it has none.
   */
  Stream<StreamInfo> ofCategory(String category);

  /**
   * The categories of the events in the log, in byte order, fetched page by page as they are taken.
   */
  Stream<CategoryInfo> categories();

  /** The types of the events in the log, in byte order, fetched page by page as they are taken. */
  Stream<EventTypeInfo> eventTypes();

  /** The same as {@link #setRetention(String, Retention, StreamChange)}, without more ado. */
  default long setRetention(String stream, Retention retention) {
    return setRetention(stream, retention, StreamChange.plain());
  }

  /**
   * Sets how much of a stream is kept by count and age, from now on, in place of what was set
   * before. The stream need not exist yet, and may be deleted.
   *
   * @return the log position of the event that records the change
   * @throws VersionConflictException the stream's version is another one; nothing was changed
   * @throws StreamTombstonedException the stream is closed for ever
   * @throws InvalidRequestException a field is malformed, the age is not positive, or it is a
   *     system stream
   */
  long setRetention(String stream, Retention retention, StreamChange change);

  /** The same as {@link #truncate(String, long, StreamChange)}, without more ado. */
  default long truncate(String stream, long beforeVersion) {
    return truncate(stream, beforeVersion, StreamChange.plain());
  }

  /**
   * Hides the events of lower versions than this one, for ever.
   *
   * @param beforeVersion the first version that stays visible: 1 to the stream's version + 1 (which
   *     hides everything that is there), and not lower than in an earlier truncation
   * @return the log position of the event that records the change
   * @throws StreamNotFoundException the stream has no event
   * @throws VersionConflictException the stream's version is another one; nothing was changed
   * @throws StreamDeletedException the stream is deleted
   * @throws StreamTombstonedException the stream is closed for ever
   * @throws InvalidRequestException a field is malformed or out of bounds, or it is a system stream
   */
  long truncate(String stream, long beforeVersion, StreamChange change);

  /** The same as {@link #delete(String, StreamChange)}, without more ado. */
  default long delete(String stream) {
    return delete(stream, StreamChange.plain());
  }

  /**
   * Hides a whole stream, its snapshots included, until somebody appends to it. Its versions then
   * continue, and what was deleted stays hidden.
   *
   * @return the log position of the event that records the change
   * @throws StreamNotFoundException the stream has no event
   * @throws VersionConflictException the stream's version is another one; nothing was changed
   * @throws StreamDeletedException the stream is deleted already
   * @throws StreamTombstonedException the stream is closed for ever
   * @throws InvalidRequestException a field is malformed, or it is a system stream
   */
  long delete(String stream, StreamChange change);

  /** The same as {@link #tombstone(String, StreamChange)}, without more ado. */
  default long tombstone(String stream) {
    return tombstone(stream, StreamChange.plain());
  }

  /**
   * Closes a stream for ever and hides what is in it: its name can never be used again. The stream
   * need not exist, and may be deleted.
   *
   * @return the log position of the event that records the change
   * @throws VersionConflictException the stream's version is another one; nothing was changed
   * @throws StreamTombstonedException the stream is closed already
   * @throws InvalidRequestException a field is malformed, or it is a system stream
   */
  long tombstone(String stream, StreamChange change);
}
