/** The Java client of Varve. */
@NullMarked
package io.varve.client;

import org.jspecify.annotations.NullMarked;
