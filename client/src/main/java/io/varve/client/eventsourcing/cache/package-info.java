/**
 * Caches over read models that forget what an event has changed. Needs Caffeine, which is an
 * optional dependency of the client.
 */
@NullMarked
package io.varve.client.eventsourcing.cache;

import org.jspecify.annotations.NullMarked;
