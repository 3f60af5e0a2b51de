/**
 * Histories: what several callers asked a store at the same time and what it said, and whether one
 * store that does one thing after the other could have said that.
 */
@NullMarked
package io.varve.server.history;

import org.jspecify.annotations.NullMarked;
