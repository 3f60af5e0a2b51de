/** The {@code varve} command. */
@NullMarked
package io.varve.server.cli;

import org.jspecify.annotations.NullMarked;
