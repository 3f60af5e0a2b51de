package io.varve.client.streams;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * An event store: streams of events, and the log of all of them in commit order.
 *
 * <p>All methods may be called from any thread at the same time. Blocking calls are fine on virtual
 * threads. What a store refuses or cannot do is a {@link VarveException}; a null argument is a
 * {@link NullPointerException}; a call after {@link #close} is an {@link IllegalStateException}.
 *
 * <pre>{@code
 * store.append("account-42", ExpectedVersion.noStream(), NewEvent.json("AccountOpened", "{\"owner\":\"Ada\"}"));
 * try (EventReader events = store.readStream(ReadStream.of("account-42"))) {
 *   events.forEach(event -> System.out.println(event.version() + " " + event.type()));
 * }
 * }</pre>
 *
 * <p>{@link #transact} writes to several streams under conditions, {@link #streams} is about what
 * there is and what is kept, {@link #snapshots} about loading long streams quickly, and {@link
 * #consumerGroups} about sharing events out among many programs.
 */
public interface EventStore extends AutoCloseable {

  /**
   * Appends events to one stream, all or nothing, and waits until they are durable. They are then
   * visible to every read that begins afterwards, by anyone.
   *
   * <p>A repeat of the same events is safe: an append whose event ids are all in the stream
   * already, in this order and next to one another, is answered with the original result and {@link
   * AppendResult#deduplicated}, whatever it expects.
   *
   * @param stream its first append creates it; 1 to 512 bytes of UTF-8 without control characters,
   *     and not starting with {@code $}, which marks the server's own streams
   * @param expected what the caller believes about the stream, checked in the commit itself
   * @param events in the order in which they get their versions; at least 1, and by default at most
   *     10,000 and 16 MiB in all; no event id twice
   * @throws VersionConflictException the expected version does not hold; nothing was written
   * @throws EventIdTakenException some of the ids are in the store, but not as this append; nothing
   *     was written
   * @throws StreamDeletedException the stream is deleted, and the append expects that it exists;
   *     nothing was written. An append that expects nothing, no stream, or the last version reopens
   *     it.
   * @throws StreamTombstonedException the stream is closed for ever; nothing was written
   * @throws InvalidRequestException the request is malformed or over a limit; nothing was written
   * @throws StoreOverloadedException the store had no room for it until the retries ended; nothing
   *     was written
   * @throws StoreUnavailableException no answer until the retries ended; the message says whether
   *     the outcome is unknown
   */
  AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events);

  /** The same as {@link #append(String, ExpectedVersion, List)}, with the events one by one. */
  default AppendResult append(String stream, ExpectedVersion expected, NewEvent... events) {
    return append(stream, expected, List.of(events));
  }

  /**
   * Appends as {@link #append(String, ExpectedVersion, List)} does, and stores a consumer's
   * progress in the same atomic step. A repeat is found by its events, whatever is stored for the
   * source.
   *
   * @throws TrackingNotRisingException the progress is not higher than the one that is stored;
   *     nothing was written
   */
  AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking);

  /**
   * Appends as {@link #append(String, ExpectedVersion, List)} does, without waiting for the answer.
   * Appends of one thread are sent, and decided, in the order of its calls.
   *
   * <p>The number and the bytes of the appends in flight are bounded. When the bound is reached
   * this call <em>waits</em> for room, so a caller cannot outrun the store; it never waits for the
   * answer itself.
   *
   * @return completes with the result, or with the exception that {@code append} would have thrown
   *     (after {@code join} it is the cause of a {@link java.util.concurrent.CompletionException}).
   *     Dependent stages may block: they never run on the thread that takes answers in. Cancelling
   *     it does not cancel the append.
   */
  CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events);

  /**
   * Appends as {@link #append(String, ExpectedVersion, List, Tracking)} does, without waiting for
   * the answer.
   */
  CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking);

  /**
   * Writes to several streams, and checks others, all or nothing, and waits until it is durable. No
   * reader ever sees a part of it.
   *
   * <p>A repeat of the same events is safe: a transaction whose events are all in its streams
   * already, in this order and at positions next to one another, is answered with the original
   * result and {@link TransactionResult#deduplicated}, whatever it expects. A transaction without
   * events has no such memory: if the answer to one that only stores progress is lost, and the next
   * try finds exactly this progress stored, nobody knows by whom, and the outcome is unknown.
   *
   * @throws VersionConflictException a stream's expected version does not hold; nothing was written
   * @throws ConditionFailedException a condition does not hold; nothing was written
   * @throws TrackingNotRisingException the progress is not higher than the one that is stored;
   *     nothing was written
   * @throws EventIdTakenException some of the ids are in the store, but not as this transaction;
   *     nothing was written
   * @throws StreamDeletedException a stream is deleted, and expected to exist; nothing was written
   * @throws StreamTombstonedException a stream is closed for ever; nothing was written
   * @throws InvalidRequestException the request is malformed or over a limit; nothing was written
   * @throws StoreOverloadedException the store had no room for it until the retries ended; nothing
   *     was written
   * @throws StoreUnavailableException no answer until the retries ended; the message says whether
   *     the outcome is unknown
   */
  TransactionResult transact(Transaction transaction);

  /**
   * Does what {@link #transact} does, without waiting for the answer. Transactions that are in
   * flight together are decided in any order.
   *
   * <p>The number and the bytes of the transactions in flight are bounded. When the bound is
   * reached this call waits for room.
   *
   * @return completes with the result, or with the exception that {@code transact} would have
   *     thrown. Dependent stages may block. Cancelling it does not cancel the transaction.
   */
  CompletableFuture<TransactionResult> transactAsync(Transaction transaction);

  /**
   * The position last stored for a source by the {@link Tracking} of an append or a transaction;
   * empty: none was ever stored.
   *
   * @param source 1 to 512 bytes of UTF-8 without control characters
   * @throws InvalidRequestException the source is malformed
   * @throws StoreUnavailableException the store did not answer in time
   */
  OptionalLong tracking(String source);

  /**
   * Reads events of one stream. The read sees the stream as it was when the read began, from its
   * first event to its last.
   *
   * @return a reader at its first event, which the caller must close; an empty one if the stream
   *     has or had events but none in range is kept
   * @throws StreamNotFoundException the stream has no event, or is deleted
   * @throws StreamTombstonedException the stream is closed for ever
   * @throws EventsNotKeptException the read goes forwards and is to start at a version that is no
   *     longer kept
   * @throws InvalidRequestException the request is malformed
   * @throws StoreUnavailableException the store did not answer in time
   */
  EventReader readStream(ReadStream read);

  /**
   * Reads the log: the events of all streams in the order of their commits. The read sees the log
   * as it was when it began.
   *
   * @return a reader at its first event, which the caller must close
   * @throws InvalidRequestException the request is malformed
   * @throws StoreUnavailableException the store did not answer in time
   */
  EventReader readLog(ReadLog read);

  /** The event with this id, or empty if there is none. */
  Optional<RecordedEvent> getEvent(UUID id);

  /**
   * The event at this position of the log, or empty if there is none.
   *
   * @param position 1 or higher
   * @throws InvalidRequestException the position is not 1 or higher
   */
  Optional<RecordedEvent> getEvent(long position);

  /**
   * The event with this version of the stream, or empty if there is none or the stream is deleted.
   *
   * @param version 1 or higher
   * @throws EventsNotKeptException the version is no longer kept
   * @throws StreamTombstonedException the stream is closed for ever
   * @throws InvalidRequestException the stream's name is malformed, or the version is not 1 or
   *     higher
   */
  Optional<RecordedEvent> getEvent(String stream, long version);

  /**
   * Follows one stream: every event after the start, then live, until closed. Nothing is missing
   * and nothing comes twice. The stream need not exist yet.
   *
   * <p>Returns once the store has confirmed the start, so that an event appended after this call is
   * "after now". If the store cannot be reached, it returns after the first attempt, and the
   * subscription goes on trying, for ever; the listener hears of it.
   *
   * <p>Events that are not kept, at the time when they would be delivered, are passed over. On a
   * deleted stream the subscription waits until somebody reopens it; on one that is closed for ever
   * while the subscription is open it stays silent, until it has to reconnect and ends with {@link
   * StreamTombstonedException}.
   *
   * @throws StreamTombstonedException the stream is closed for ever; the listener is never called
   * @throws InvalidRequestException the request is malformed; the listener is never called
   * @throws AccessDeniedException the caller may not; the listener is never called
   */
  Subscription subscribeToStream(SubscribeToStream request, SubscriptionListener listener);

  /**
   * Follows the log, or the events of it that match a query, as {@link #subscribeToStream} follows
   * a stream.
   *
   * @throws InvalidRequestException the request is malformed; the listener is never called
   * @throws AccessDeniedException the caller may not; the listener is never called
   */
  Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener);

  /** What streams there are, and what is kept of them. The same object may be used all the time. */
  Streams streams();

  /** Cached folds of streams. The same object may be used all the time. */
  Snapshots snapshots();

  /**
   * Subscriptions whose progress the store keeps, shared by competing consumers. The same object
   * may be used all the time.
   */
  ConsumerGroups consumerGroups();

  /**
   * Old events, moved out of the way. The same object may be used all the time. A store that keeps
   * everything in memory moves nothing.
   */
  default Archive archive() {
    return Archive.none();
  }

  /**
   * What the server is.
   *
   * @throws StoreUnavailableException the store did not answer in time
   */
  ServerInfo serverInfo();

  /**
   * The store's figures now.
   *
   * @throws StoreUnavailableException the store did not answer in time
   */
  StoreStatistics statistics();

  /**
   * Waits for the appends in flight, closes the subscriptions, cancels the readers that are still
   * open, and lets everything go. All waiting is bounded. Closing twice does nothing.
   */
  @Override
  void close();
}
