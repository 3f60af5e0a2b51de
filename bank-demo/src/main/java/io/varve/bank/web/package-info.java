/** The bank over HTTP: commands, queries and health as JSON. All that knows HTTP is here. */
@NullMarked
package io.varve.bank.web;

import org.jspecify.annotations.NullMarked;
