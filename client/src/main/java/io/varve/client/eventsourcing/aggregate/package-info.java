/**
 * Aggregates: streams whose events decide what a command may do. A {@link
 * io.varve.client.eventsourcing.aggregate.Repository} loads one, decides, and appends under the
 * version that it has loaded, so that of all who decide at once each decides on what the ones
 * before it have done.
 */
@NullMarked
package io.varve.client.eventsourcing.aggregate;

import org.jspecify.annotations.NullMarked;
