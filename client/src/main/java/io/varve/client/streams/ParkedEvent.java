package io.varve.client.streams;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An event that a consumer group gave up on.
 *
 * @param stream the event's stream
 * @param version its version in there
 * @param position its place in the log
 * @param event the event; null: it has been hidden or reclaimed since
 * @param reason why it was parked: the consumer's reason, or the store's sentence
 * @param parkedAt when it was parked
 * @param retryCount how often it had failed and been retried
 * @param replaying whether it is being replayed now
 */
public record ParkedEvent(
    String stream,
    long version,
    long position,
    @Nullable RecordedEvent event,
    String reason,
    Instant parkedAt,
    int retryCount,
    boolean replaying) {}
