/**
 * The server as a whole: wires its parts, starts them in a visible order, and stops them in the
 * reverse one.
 */
@NullMarked
package io.varve.server;

import org.jspecify.annotations.NullMarked;
