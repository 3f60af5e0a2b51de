/**
 * Cached folds of streams: what the store promises about them, and which of them count.
 *
 * <p>A snapshot is a cache. Losing one, or all, loses nothing but the time to fold the events
 * again; so nothing here is synced for each save, and what is damaged is dropped instead of
 * reported.
 */
@NullMarked
package io.varve.server.snapshot;

import org.jspecify.annotations.NullMarked;
