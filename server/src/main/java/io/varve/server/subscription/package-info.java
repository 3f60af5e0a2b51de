/**
 * Ordered delivery that catches up, goes live, and can resume anywhere.
 *
 * <p>A subscription is a position and a filter. Behind the head it reads pages from storage; near
 * the head it finds the same bytes in memory, shared by all. Which of the two is decided by
 * comparing positions at every step, so there is no moment at which it is handed over, and nothing
 * to get lost in one.
 */
@NullMarked
package io.varve.server.subscription;

import org.jspecify.annotations.NullMarked;
