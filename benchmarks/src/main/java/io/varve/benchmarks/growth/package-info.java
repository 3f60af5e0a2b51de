/** What becomes of a store as it grows: its rates, its start, its memory, its disk. */
@NullMarked
package io.varve.benchmarks.growth;

import org.jspecify.annotations.NullMarked;
