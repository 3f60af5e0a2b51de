package io.varve.client.streams;

import java.time.Instant;

/**
 * A file of a store's archive: the events of a range of positions. Once it is in the catalogue it
 * never changes.
 *
 * @param name the file's name where the archive is, without its ending
 * @param firstPosition the first position that it covers
 * @param lastPosition the last position that it covers
 * @param eventCount events in the file; fewer than positions where some had been reclaimed before
 * @param eventBytes how many bytes the events take uncompressed
 * @param fileBytes how long the file is
 * @param firstRecordedAt when the first event in it was recorded
 * @param lastRecordedAt when the last event in it was recorded
 * @param archivedAt when it was made
 * @param sha256 the SHA-256 of the file, in lower-case hexadecimal digits
 */
public record ArchiveSegment(
    String name,
    long firstPosition,
    long lastPosition,
    long eventCount,
    long eventBytes,
    long fileBytes,
    Instant firstRecordedAt,
    Instant lastRecordedAt,
    Instant archivedAt,
    String sha256) {}
