package io.varve.client.streams;

import java.time.Instant;

/**
 * What an append did. The events are durable.
 *
 * @param version the version of the append's last event; the first one's is {@code version - events
 *     + 1}
 * @param position the log position of the append's last event
 * @param recordedAt the server's time of the commit
 * @param deduplicated the events were there already, from an earlier try with the same event ids:
 *     nothing was written now, and the other values are that earlier append's
 */
public record AppendResult(long version, long position, Instant recordedAt, boolean deduplicated) {}
