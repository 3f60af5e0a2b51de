/** A real PostgreSQL for tests, on a machine that need not have one. */
@NullMarked
package io.varve.client.postgresql;

import org.jspecify.annotations.NullMarked;
