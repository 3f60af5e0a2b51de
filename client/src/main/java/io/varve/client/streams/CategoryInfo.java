package io.varve.client.streams;

/**
 * One category: the streams whose names are alike up to the first {@code -}.
 *
 * @param category the name up to the first {@code -}, or the whole name of a stream without one
 * @param eventCount how many events of its streams the log holds
 */
public record CategoryInfo(String category, long eventCount) {}
