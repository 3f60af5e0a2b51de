/** Counting: what several parts of the server measure themselves with. Knows only the JDK. */
@NullMarked
package io.varve.server.measure;

import org.jspecify.annotations.NullMarked;
