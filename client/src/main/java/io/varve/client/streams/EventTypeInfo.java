package io.varve.client.streams;

/**
 * One event type.
 *
 * @param type the type
 * @param eventCount how many events of it the log holds
 */
public record EventTypeInfo(String type, long eventCount) {}
