package io.varve.server.event;

/**
 * How far a consumer has come in some source of its own, stored together with what it produced.
 *
 * @param source the consumer's name for the source
 * @param position the position in that source, 1 or higher
 */
public record Tracking(String source, long position) {}
