/**
 * Bounded reads by stream and by position: cursors that hold nothing between two pages.
 *
 * <p>A read sees the store as it was when it began: its upper bound is the head of that moment, and
 * nothing at or below the head ever changes.
 */
@NullMarked
package io.varve.server.read;

import org.jspecify.annotations.NullMarked;
