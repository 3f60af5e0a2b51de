/**
 * Accounts, transfers and money: what the bank decides, as pure functions over values. Nothing here
 * knows of a store, a clock, a thread or a wire format.
 */
@NullMarked
package io.varve.bank.domain;

import org.jspecify.annotations.NullMarked;
