package io.varve.client.eventsourcing.projection;

import java.time.Instant;

/**
 * An event that a projection could not take and went on without.
 *
 * @param projection the projection
 * @param position the event's place in the log
 * @param stream the stream that it belongs to
 * @param type its type as it is stored
 * @param error what went wrong at the last attempt
 * @param attempts how many there were
 * @param parkedAt when it was put aside
 */
public record ParkedEvent(
    String projection,
    long position,
    String stream,
    String type,
    String error,
    int attempts,
    Instant parkedAt) {}
