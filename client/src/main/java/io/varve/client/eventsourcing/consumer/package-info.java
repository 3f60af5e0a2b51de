/**
 * Handlers of events that a consumer group shares out among many programs: the server remembers
 * what is done, a {@link io.varve.client.eventsourcing.consumer.ConsumerRunner} calls a handler,
 * several streams at a time, and answers by what the handler says.
 *
 * <p>Delivery is at least once. Whoever must have an effect exactly once gives it a name that the
 * event determines, as the process package does, or writes it together with the position.
 */
@NullMarked
package io.varve.client.eventsourcing.consumer;

import org.jspecify.annotations.NullMarked;
