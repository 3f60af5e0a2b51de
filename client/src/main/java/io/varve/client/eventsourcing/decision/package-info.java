/**
 * Decisions whose boundary is drawn for each of them anew, by what they need to know, instead of by
 * streams: the <a href="https://dcb.events">Dynamic Consistency Boundary</a>. A {@link
 * io.varve.client.eventsourcing.decision.DecisionModel} says which events matter and what they come
 * to; {@link io.varve.client.eventsourcing.decision.Decisions} reads them, decides, and writes
 * under the condition that no further such event has come since.
 */
@NullMarked
package io.varve.client.eventsourcing.decision;

import org.jspecify.annotations.NullMarked;
