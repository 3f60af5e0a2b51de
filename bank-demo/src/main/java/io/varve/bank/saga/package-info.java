/** The transfer process: sees every transfer to its end, whatever crashes on the way. */
@NullMarked
package io.varve.bank.saga;

import org.jspecify.annotations.NullMarked;
