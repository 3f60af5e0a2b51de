/** A load of transfers on a running demo, over HTTP alone: how many a second, and how long each. */
@NullMarked
package io.varve.bank.load;

import org.jspecify.annotations.NullMarked;
