package io.varve.client.connection;

import io.grpc.ManagedChannel;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.StoreFailedException;
import io.varve.client.streams.StoreOverloadedException;
import io.varve.client.streams.StoreUnavailableException;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.Transaction.StreamPart;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import io.varve.proto.v1.EventStoreGrpc;
import io.varve.proto.v1.TransactRequest;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transactions of one client, each a call of its own, tried until its retry time is over. Any
 * thread may use it.
 */
final class Transactions {

  /*
   * A lost answer leaves a transaction in doubt. With events the next try settles it: they have
   * their ids, and what was written is found again. Without events nothing is written but the
   * tracking, of which the store has no such memory: if the first try has stored it, the second is
   * refused as not rising. That refusal, at exactly this position and after a lost answer, says
   * nothing about who has stored it, so the caller hears that the outcome is unknown.
   */

  private static final Logger log = LoggerFactory.getLogger(Transactions.class);

  private static final Duration SHORTEST_TRY = Duration.ofMillis(10);

  private final ManagedChannel channel;
  private final String server;
  private final ConnectionSettings settings;
  private final AppendWindow window;
  private final Executor threads;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean closing;

  /**
   * @param threads one that may block for each task
   */
  Transactions(
      ManagedChannel channel, String server, ConnectionSettings settings, Executor threads) {
    this.channel = channel;
    this.server = server;
    this.settings = settings;
    this.threads = threads;
    this.window = new AppendWindow(settings.maxAppendsInFlight(), settings.maxBytesInFlight());
  }

  /** Writes a transaction and waits for its answer. */
  TransactionResult transact(Transaction transaction) {
    Try begun = begin(transaction);
    try {
      return begun.run();
    } finally {
      window.leave(begun.bytes);
    }
  }

  /**
   * Writes a transaction, waiting for room only.
   *
   * @throws VarveException there was no room in time, or the caller was interrupted; nothing was
   *     written
   */
  CompletableFuture<TransactionResult> transactAsync(Transaction transaction) {
    Try begun = begin(transaction);
    CompletableFuture<TransactionResult> promise = new CompletableFuture<>();
    try {
      threads.execute(() -> run(begun, promise));
    } catch (RejectedExecutionException e) {
      window.leave(begun.bytes);
      throw new IllegalStateException("the client is closed", e);
    }
    return promise;
  }

  /** What hangs on the promise may block, or transact itself, so it gets no room to hold. */
  private void run(Try begun, CompletableFuture<TransactionResult> promise) {
    TransactionResult result;
    try {
      result = begun.run();
    } catch (RuntimeException | Error e) {
      window.leave(begun.bytes);
      promise.completeExceptionally(e);
      return;
    }
    window.leave(begun.bytes);
    promise.complete(result);
  }

  /** Waits for room. */
  private Try begin(Transaction transaction) {
    requireOpen();
    Try begun = new Try(transaction);
    try {
      if (!window.enter(begun.bytes, settings.retryFor())) {
        throw new StoreOverloadedException(
            "no room for a transaction within "
                + settings.retryFor()
                + ": "
                + window
                + " have not been answered by "
                + server
                + "; nothing was written",
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(
          "interrupted before a transaction was sent; nothing was written", e);
    }
    if (closing) {
      window.leave(begun.bytes);
      requireOpen();
    }
    return begun;
  }

  private void requireOpen() {
    if (closing) {
      throw new IllegalStateException("the client is closed");
    }
  }

  /** One transaction on its way. */
  private final class Try {

    private final TransactRequest request;
    private final Function<String, ExpectedVersion> expected;
    private final boolean hasEvents;
    private final @Nullable Tracking tracking;
    private final long deadline = System.nanoTime() + settings.retryFor().toNanos();
    final int bytes;

    /** It went out, and the link was lost before the answer came. */
    private boolean inDoubt;

    Try(Transaction transaction) {
      this.request = ProtoMapping.transactRequest(transaction);
      this.bytes = request.getSerializedSize();
      this.hasEvents = transaction.events().findAny().isPresent();
      this.tracking = transaction.tracking();
      Map<String, ExpectedVersion> believed = new HashMap<>();
      for (StreamPart part : transaction.streams()) {
        believed.putIfAbsent(part.stream(), part.expected());
      }
      this.expected = stream -> believed.getOrDefault(stream, ExpectedVersion.any());
    }

    TransactionResult run() {
      for (int failures = 0; ; failures++) {
        try {
          Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
          return ProtoMapping.transactionResult(
              UnaryCalls.call(channel, server, EventStoreGrpc.getTransactMethod(), request, left));
        } catch (CallFailedException e) {
          failed(e.error(), failures);
        } catch (IllegalArgumentException | DateTimeException e) {
          throw new StoreFailedException(
              server + " answered a transaction with something that makes no sense", e);
        }
      }
    }

    /** Returns if there is to be another try. */
    private void failed(StoreError error, int failures) {
      VarveException exception = error.toException(expected);
      if (!error.isSurelyNotDone() && error.isOutcomeUnknown()) {
        inDoubt = true;
      }
      if (!error.isLinkLost() && !error.isOverload()) {
        throw inDoubt && tellsNothing(error, exception) ? unknown(exception) : exception;
      }
      Duration backoff = settings.appendBackoff().after(failures);
      Duration pause = backoff.compareTo(error.retryDelay()) > 0 ? backoff : error.retryDelay();
      if (!leavesTime(pause) || !awaitNextTry(pause) || !leavesTime(Duration.ZERO)) {
        throw inDoubt ? unknown(exception) : outOfTime(exception);
      }
      if (failures == 0) {
        log.warn("trying a transaction again for {}: {}", settings.retryFor(), error);
      }
      channel.resetConnectBackoff(); // this back-off rules, not the channel's
    }

    /**
     * Whether another try after this pause is worth making. One whose time is over before it has
     * begun tells nothing, and would put what is known from the tries before it in doubt.
     */
    private boolean leavesTime(Duration pause) {
      return deadline - System.nanoTime() - pause.toNanos() > SHORTEST_TRY.toNanos();
    }

    /** Whether a refusal leaves open what became of an earlier try whose answer was lost. */
    private boolean tellsNothing(StoreError error, VarveException exception) {
      if (error.isOutcomeUnknown() || error.isRefusedAtTheDoor()) {
        return true;
      }
      return !hasEvents
          && tracking != null
          && exception instanceof TrackingNotRisingException refusal
          && refusal.storedPosition() == tracking.position();
    }

    private StoreUnavailableException unknown(VarveException cause) {
      return new StoreUnavailableException(
          "a transaction had no answer from "
              + server
              + ", and its outcome is unknown: it may be written or not. "
              + (hasEvents
                  ? "Repeat it with the same events to learn which"
                  : "Ask for the tracking to learn which")
              + "; the last try: "
              + cause.getMessage(),
          cause);
    }

    private VarveException outOfTime(VarveException cause) {
      String said = "; nothing was written; the last try: " + cause.getMessage();
      if (cause instanceof StoreOverloadedException) {
        return new StoreOverloadedException(
            "a transaction found no room in " + server + " within " + settings.retryFor() + said,
            cause);
      }
      return new StoreUnavailableException(
          "a transaction could not be sent to " + server + " within " + settings.retryFor() + said,
          cause);
    }
  }

  /** Waits between two tries; false: there is to be no other. */
  private boolean awaitNextTry(Duration pause) {
    if (Thread.currentThread().isInterrupted()) {
      return false;
    }
    try {
      return !over.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Takes no more transactions, and waits for those in flight. */
  void close(Duration patience) {
    closing = true;
    try {
      if (!window.awaitEmpty(patience)) {
        log.warn("closed before {} had answered all transactions", server);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    over.countDown();
  }
}
