/** Other stores as sources: what reads their events, so that Varve can take them over. */
@NullMarked
package io.varve.server.migrate;

import org.jspecify.annotations.NullMarked;
