package io.varve.server.storage;

/**
 * How much an event storage holds.
 *
 * @param dataFormat the number of the data format on disk; 0 when nothing is on disk
 * @param events events in the log
 * @param streams streams that have or had an event
 * @param diskBytes what it takes on the disk
 */
public record StorageFigures(int dataFormat, long events, long streams, long diskBytes) {}
