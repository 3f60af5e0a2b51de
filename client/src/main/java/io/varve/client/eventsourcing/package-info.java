/**
 * The toolkit for event sourcing: what events are called and how they are written, what a decision
 * is, and where an event came from. The packages below build on it: aggregates, decisions across
 * streams, projections, and processes.
 *
 * <p>It is written against {@link io.varve.client.streams.EventStore} alone, so everything runs on
 * a server and on the store in memory alike.
 */
@NullMarked
package io.varve.client.eventsourcing;

import org.jspecify.annotations.NullMarked;
