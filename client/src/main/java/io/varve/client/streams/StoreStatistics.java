package io.varve.client.streams;

/**
 * A store's figures at one moment.
 *
 * @param headPosition the newest position; 0: the log is empty
 * @param eventCount events in the log, the store's own included
 * @param streamCount streams that have an event, the store's own included
 * @param diskBytes bytes on disk; 0: it keeps nothing on disk
 * @param appendsPerSecond events appended a second, over the last minute
 * @param readsPerSecond events sent to readers and subscribers a second, over the last minute
 * @param subscriptions subscriptions open now
 */
public record StoreStatistics(
    long headPosition,
    long eventCount,
    long streamCount,
    long diskBytes,
    double appendsPerSecond,
    double readsPerSecond,
    int subscriptions) {}
