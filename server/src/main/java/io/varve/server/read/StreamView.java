package io.varve.server.read;

/**
 * What a read sees of a stream, fixed when it begins.
 *
 * @param headPosition the log's head at that moment
 * @param streamNumber the storage's short name for the stream
 * @param firstKept the first version that is not hidden
 * @param deletedUpTo the version that the stream had when it was last deleted; 0 when it never was
 * @param last the newest version; 0 when the stream had no event at the time that the read asks
 *     about
 */
public record StreamView(
    long headPosition, long streamNumber, long firstKept, long deletedUpTo, long last) {}
