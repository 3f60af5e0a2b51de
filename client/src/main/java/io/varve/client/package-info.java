/**
 * The Java client of Varve: {@link io.varve.client.VarveClient} connects to a server, and is then
 * an {@link io.varve.client.streams.EventStore}.
 */
@NullMarked
package io.varve.client;

import org.jspecify.annotations.NullMarked;
