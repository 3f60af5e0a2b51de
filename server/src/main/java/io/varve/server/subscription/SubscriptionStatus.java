package io.varve.server.subscription;

import java.time.Duration;

/**
 * Where a subscription stands, for those who look after the server.
 *
 * @param id the server's name for it
 * @param subject what it follows: "log", "log, under a query", or "stream" and the stream's name
 * @param position up to here everything has been handed to the transport, or does not match
 * @param lag how many positions of the log lie between there and the head
 * @param caughtUp whether it has been told that it is level with the head, and has not fallen
 *     behind since
 * @param age how long ago it was opened
 */
public record SubscriptionStatus(
    String id, String subject, long position, long lag, boolean caughtUp, Duration age) {}
