/** How long all tests wait. */
@NullMarked
package io.varve.client.patience;

import org.jspecify.annotations.NullMarked;
