/** What is compared, each behind the same small interface: Varve, its peers, and the raw limits. */
@NullMarked
package io.varve.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
