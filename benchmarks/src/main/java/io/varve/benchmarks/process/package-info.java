/** Programs that are measured in processes of their own, and the folders they work in. */
@NullMarked
package io.varve.benchmarks.process;

import org.jspecify.annotations.NullMarked;
