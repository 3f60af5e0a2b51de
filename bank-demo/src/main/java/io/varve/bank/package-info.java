/** A bank built on Varve. */
@NullMarked
package io.varve.bank;

import org.jspecify.annotations.NullMarked;
