/**
 * What the bank answers from tables: projections fold the log into SQL rows, each with its
 * checkpoint in the same transaction as the rows, and queries read them. Everything here can be
 * deleted and is rebuilt from the log.
 */
@NullMarked
package io.varve.bank.readmodel;

import org.jspecify.annotations.NullMarked;
