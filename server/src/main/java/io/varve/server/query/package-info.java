/**
 * Queries on the index: which positions match, without looking at those that do not.
 *
 * <p>An item of a query becomes an intersection of unions of lists of positions, a query their
 * union. What the lists yield are candidates: each event is looked at before it is said to match,
 * for a list may be coarser than the query, or older than what has been reclaimed.
 */
@NullMarked
package io.varve.server.query;

import org.jspecify.annotations.NullMarked;
