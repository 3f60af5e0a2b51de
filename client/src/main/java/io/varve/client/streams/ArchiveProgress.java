package io.varve.client.streams;

/**
 * How far a run of the archive has come.
 *
 * @param eventsDone events that it has moved
 * @param eventsTotal events to move in all; until the end it counts those, too, that have been
 *     reclaimed
 * @param archivedPosition the last position that is in the archive; 0: none
 */
public record ArchiveProgress(long eventsDone, long eventsTotal, long archivedPosition) {}
