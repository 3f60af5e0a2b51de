/**
 * Projections: what events are folded into so that it can be asked. A {@link
 * io.varve.client.eventsourcing.projection.Projection} says which events it takes and what it makes
 * of them, a {@link io.varve.client.eventsourcing.projection.ProjectionTarget} where that is
 * written and where the checkpoint is kept, and a {@link
 * io.varve.client.eventsourcing.projection.ProjectionRunner} feeds any number of them from the log,
 * for ever. Rows and checkpoints in a SQL database are in the package {@code sql}; a {@link
 * io.varve.client.eventsourcing.projection.LiveView} needs no database.
 */
@NullMarked
package io.varve.client.eventsourcing.projection;

import org.jspecify.annotations.NullMarked;
