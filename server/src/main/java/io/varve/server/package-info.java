/** The Varve event store. */
@NullMarked
package io.varve.server;

import org.jspecify.annotations.NullMarked;
