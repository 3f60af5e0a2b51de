package io.varve.client.streams;

import java.time.Instant;

/**
 * One connected consumer of a group.
 *
 * @param name the name that it gave when it joined; empty: none
 * @param inFlight events delivered to it and not yet answered
 * @param credit how many more events it may be sent now, as far as its own credit goes
 * @param deliveriesPerSecond events delivered to it a second, over the last minute, repeats
 *     included
 * @param acksPerSecond events that it acked a second, over the last minute
 * @param connectedAt when it joined
 */
public record ConsumerInfo(
    String name,
    int inFlight,
    int credit,
    double deliveriesPerSecond,
    double acksPerSecond,
    Instant connectedAt) {}
