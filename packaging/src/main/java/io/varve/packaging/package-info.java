/** Makes what is installed out of what the other modules have built. */
@NullMarked
package io.varve.packaging;

import org.jspecify.annotations.NullMarked;
