/**
 * Consumer groups: subscriptions whose progress the server keeps, shared by competing consumers.
 *
 * <p>A group is a position up to which its source has been read, and the events up to there that
 * are unanswered; everything else is derived (docs/adr/0009). {@link
 * io.varve.server.group.ConsumerGroups} is what others see. Each group is a {@link
 * io.varve.server.group.Group}, which runs on one thread at a time and does what has to do with the
 * outside (reading, delivering, saving) around a {@link io.varve.server.group.GroupState}, which
 * decides and touches nothing. What survives a crash is in a {@link
 * io.varve.server.group.GroupStore}.
 */
@NullMarked
package io.varve.server.group;

import org.jspecify.annotations.NullMarked;
