package io.varve.client.streams;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a store knows about one stream.
 *
 * @param stream its name
 * @param version the version of its last event, hidden or not; 0: it has never had one
 * @param firstKeptVersion the version of the oldest event that a read of the stream still gives;
 *     higher than {@code version}: there is none
 * @param eventCount how many events a read of the stream gives
 * @param createdAt when its first event was recorded; null: it has never had one
 * @param lastAppendedAt when its last event was recorded; null: it has never had one
 * @param lastPosition the log position of its last event; 0: it has never had one
 * @param retention what is kept of it by count and age
 * @param truncateBefore events of lower versions were hidden by {@link Streams#truncate}; 0: never
 *     truncated
 * @param life whether it can be read and appended to
 */
public record StreamInfo(
    String stream,
    long version,
    long firstKeptVersion,
    long eventCount,
    @Nullable Instant createdAt,
    @Nullable Instant lastAppendedAt,
    long lastPosition,
    Retention retention,
    long truncateBefore,
    StreamLife life) {}
