package io.varve.server.storage;

import io.varve.server.event.StreamId;

/**
 * A stream with the storage's number for it.
 *
 * @param stream its name
 * @param number its number, see {@link StreamHead#number}
 */
public record NamedStream(StreamId stream, long number) {}
