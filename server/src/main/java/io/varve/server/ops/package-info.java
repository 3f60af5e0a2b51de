/** What a running server counts for those who look after it. Counting takes no lock. */
@NullMarked
package io.varve.server.ops;

import org.jspecify.annotations.NullMarked;
