package io.varve.client.streams;

/**
 * A store's archive at one moment.
 *
 * @param archivedPosition the last position that has been moved; 0: none
 * @param location where the files are, as the server calls it; empty: nothing can be moved, for no
 *     place is set
 * @param running whether events are being moved now
 */
public record ArchiveStatus(long archivedPosition, String location, boolean running) {}
