/** Other stores' published clients against a running Varve. */
@NullMarked
package io.varve.interop;

import org.jspecify.annotations.NullMarked;
