package io.varve.server.storage;

/**
 * Where a stream stands.
 *
 * @param number the storage's short name for the stream, given in the order in which streams were
 *     created, from 1
 * @param version the version of the stream's last event
 */
public record StreamHead(long number, long version) {}
