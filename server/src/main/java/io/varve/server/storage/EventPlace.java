package io.varve.server.storage;

/**
 * Where an event is.
 *
 * @param position its place in the log
 * @param streamNumber its stream, see {@link StreamHead#number}
 * @param version its place in the stream
 */
public record EventPlace(long position, long streamNumber, long version) {}
