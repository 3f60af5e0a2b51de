/** Programs that measure a store from outside, as its callers meet it. Nothing depends on them. */
@NullMarked
package io.varve.benchmarks;

import org.jspecify.annotations.NullMarked;
