package io.varve.server.storage;

import java.time.Instant;

/**
 * What the commit assigned to an event.
 *
 * @param position its place in the log
 * @param version its place in its stream
 * @param recordedAt when it was committed
 */
public record EventHeader(long position, long version, Instant recordedAt) {}
