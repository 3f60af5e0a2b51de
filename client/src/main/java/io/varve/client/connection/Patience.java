package io.varve.client.connection;

import io.grpc.ManagedChannel;
import io.varve.client.streams.VarveException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats a call with back-off until the deadline, as long as a repeat is harmless and has some
 * hope. Any thread may use it.
 */
final class Patience {

  /** One try of a call. */
  interface Attempt<T> {

    /**
     * Makes the call.
     *
     * @param left what is left of the deadline
     */
    T run(Duration left) throws CallFailedException;
  }

  private static final Logger log = LoggerFactory.getLogger(Patience.class);

  private final ManagedChannel channel;
  private final ConnectionSettings settings;
  private final CountDownLatch closing;

  /**
   * @param closing ends all waiting between tries
   */
  Patience(ManagedChannel channel, ConnectionSettings settings, CountDownLatch closing) {
    this.channel = channel;
    this.settings = settings;
    this.closing = closing;
  }

  /** Repeats a call that writes nothing, or the same each time, while the link is lost. */
  <T> T whileLinkIsLost(Attempt<T> attempt) {
    return during(attempt, StoreError::isLinkLost, StoreError::toException);
  }

  /**
   * Repeats a call.
   *
   * @param mayRepeat whether a repeat after this error is harmless and may do better
   * @param toException what the caller hears otherwise, or when the time is over
   */
  <T> T during(Attempt<T> attempt, Predicate<StoreError> mayRepeat, ToException toException) {
    long deadline = System.nanoTime() + settings.deadline().toNanos();
    for (int failures = 0; ; failures++) {
      requireOpen();
      try {
        return attempt.run(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      } catch (CallFailedException e) {
        VarveException exception = toException.of(e.error());
        Duration pause = settings.callBackoff().after(failures);
        boolean inTime = System.nanoTime() + pause.toNanos() - deadline < 0;
        if (!mayRepeat.test(e.error()) || !inTime || Thread.currentThread().isInterrupted()) {
          throw exception;
        }
        if (failures == 0) {
          log.warn("trying again for {}: {}", settings.deadline(), exception.getMessage());
        }
        awaitOrThrow(pause, exception);
        channel.resetConnectBackoff(); // this back-off rules, not the channel's
      }
    }
  }

  /** What an error is for the caller. */
  interface ToException {
    VarveException of(StoreError error);
  }

  private void awaitOrThrow(Duration pause, VarveException exception) {
    try {
      if (closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
        throw exception;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw exception;
    }
  }

  private void requireOpen() {
    if (closing.getCount() == 0) {
      throw new IllegalStateException("the client is closed");
    }
  }
}
