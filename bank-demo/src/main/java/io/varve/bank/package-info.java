/**
 * A bank built on Varve, to show event sourcing end to end: commands decided on event-sourced
 * accounts, transfers as a saga, projections into SQL, an HTTP API. It knows the store through the
 * client alone.
 */
@NullMarked
package io.varve.bank;

import org.jspecify.annotations.NullMarked;
