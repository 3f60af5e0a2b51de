/**
 * Append, read, subscribe: the API most people meet. {@link io.varve.client.streams.EventStore} is
 * the entry; the real client and the in-memory store of the testkit both implement it, and behave
 * alike.
 *
 * <p>Versions and positions are plain {@code long} values that start at 1; 0 means "none".
 * Everything that can go wrong with a store is a {@link io.varve.client.streams.VarveException}.
 */
@NullMarked
package io.varve.client.streams;

import org.jspecify.annotations.NullMarked;
