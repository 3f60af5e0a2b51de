/** Order taking, written with the toolkit: the proof that nothing in it is shaped like a bank. */
@NullMarked
package io.varve.client.eventsourcing.orders;

import org.jspecify.annotations.NullMarked;
