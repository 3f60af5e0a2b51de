/**
 * How the bank uses its event store: events as JSON and back, names for streams and event ids, and
 * a way to follow the log for ever. {@code application}, {@code readmodel} and {@code saga} all
 * stand on it; it knows the domain's events and none of them.
 */
@NullMarked
package io.varve.bank.store;

import org.jspecify.annotations.NullMarked;
