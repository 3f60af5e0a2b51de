/**
 * A campaign: all contenders and all workloads in turn, again and again, so that whatever else the
 * machine does falls on all alike; then medians, and ratios against Varve.
 */
@NullMarked
package io.varve.benchmarks.campaign;

import org.jspecify.annotations.NullMarked;
