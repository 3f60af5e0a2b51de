/**
 * Copies of a store in folders of their own: made while it is used, brought up to date, verified,
 * and put back. Knows what a storage hands out to be copied, and no database.
 */
@NullMarked
package io.varve.server.backup;

import org.jspecify.annotations.NullMarked;
