/**
 * What the bank does on request: load an account, decide, append; and what it answers from the
 * store itself. It knows the domain and the store, and neither HTTP nor SQL.
 */
@NullMarked
package io.varve.bank.application;

import org.jspecify.annotations.NullMarked;
