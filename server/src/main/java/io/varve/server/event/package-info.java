/**
 * The vocabulary as values: streams, versions, positions, events, queries and expectations.
 *
 * <p>Everything here is immutable and knows nobody: no storage, no wire, no clock. What a value
 * promises is checked once, when it is made.
 */
@NullMarked
package io.varve.server.event;

import org.jspecify.annotations.NullMarked;
