/**
 * Load: shapes of it on a store, the loop that makes it, and what came of it. Honest about latency:
 * in an open loop a request counts from when it was due, not from when somebody got round to it.
 *
 * <p>A client of a store like any other. {@code varve bench} prints what is measured here, and the
 * benchmarks compare it with others.
 */
@NullMarked
package io.varve.server.cli.bench;

import org.jspecify.annotations.NullMarked;
