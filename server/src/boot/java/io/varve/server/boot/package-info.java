/** The first step of every start. Compiled for older JVMs, so that they can explain themselves. */
@NullMarked
package io.varve.server.boot;

import org.jspecify.annotations.NullMarked;
