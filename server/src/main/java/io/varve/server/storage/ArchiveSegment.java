package io.varve.server.storage;

import java.time.Instant;

/**
 * An entry of the archive's catalogue: a file that holds the events of a range of positions. Once
 * it stands in the catalogue, the file never changes.
 *
 * @param file the file's name in the archive
 * @param firstPosition the first position that it covers
 * @param lastPosition the last one; the next archive segment begins behind it
 * @param events how many events are in the file; fewer than positions where some had been reclaimed
 * @param eventBytes how many bytes the events take when they are not compressed
 * @param fileBytes how long the file is
 * @param firstRecordedAt when its first event was recorded; of a file without events, when the last
 *     one before it was
 * @param lastRecordedAt when its last event was recorded
 * @param archivedAt when the entry was made
 * @param sha256 the SHA-256 of the file, in lower-case hexadecimal digits
 */
public record ArchiveSegment(
    String file,
    long firstPosition,
    long lastPosition,
    long events,
    long eventBytes,
    long fileBytes,
    Instant firstRecordedAt,
    Instant lastRecordedAt,
    Instant archivedAt,
    String sha256) {}
