/** The transfer of money: its steps, and who sees to it that they are taken. */
@NullMarked
package io.varve.bank.saga;

import org.jspecify.annotations.NullMarked;
