package io.varve.client.connection;

import java.time.Duration;

/**
 * How a connection behaves.
 *
 * @param deadline how long the store may take over a look-up, the first page of a read, each
 *     further page, and the confirmation of a subscription
 * @param retryFor how long an append or a transaction is tried, from the call to the last answer
 * @param keepAlive an idle link with calls on it is probed this often
 * @param silence a subscription that hears nothing for this long takes its link for dead; the
 *     server says something every few seconds
 * @param maxAppendsInFlight so many appends may be unanswered, and so many transactions
 * @param maxBytesInFlight so many bytes of appends may be unanswered, and so many of transactions;
 *     a single larger one goes alone
 * @param appendBackoff how long the appends wait between tries
 * @param callBackoff how long reads and subscriptions wait between tries
 */
public record ConnectionSettings(
    Duration deadline,
    Duration retryFor,
    Duration keepAlive,
    Duration silence,
    int maxAppendsInFlight,
    int maxBytesInFlight,
    Backoff appendBackoff,
    Backoff callBackoff) {

  public ConnectionSettings {
    requirePositive("deadline", deadline);
    requirePositive("retryFor", retryFor);
    requirePositive("keepAlive", keepAlive);
    requirePositive("silence", silence);
    if (maxAppendsInFlight < 1 || maxBytesInFlight < 1) {
      throw new IllegalArgumentException(
          "appends and bytes in flight must be >= 1, were "
              + maxAppendsInFlight
              + " and "
              + maxBytesInFlight);
    }
  }

  private static void requirePositive(String what, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(what + " must be positive, was " + value);
    }
  }
}
