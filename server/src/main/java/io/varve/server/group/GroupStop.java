package io.varve.server.group;

import java.time.Instant;

/**
 * A consumer has stopped the group.
 *
 * @param consumer the name that the consumer gave
 * @param reason the reason that it gave
 * @param at when
 * @param position the event that it could not go on with; delivered first when the group goes on
 */
public record GroupStop(String consumer, String reason, Instant at, long position) {}
