/** Pictures of measured figures: SVG files from the JSON that the other programs write. */
@NullMarked
package io.varve.benchmarks.plot;

import org.jspecify.annotations.NullMarked;
