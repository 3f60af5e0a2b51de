/**
 * What the store promises about order, atomicity and durability, and the encoded form in which
 * events pass through the server.
 *
 * <p>{@link io.varve.server.storage.EventStorage} is the promise; {@code storage.rocksdb} keeps it.
 * Events are encoded once, at the door, as the bytes of the contract's {@code RecordedEvent}, and
 * travel from there to disk and from disk to readers without being encoded again.
 */
@NullMarked
package io.varve.server.storage;

import org.jspecify.annotations.NullMarked;
