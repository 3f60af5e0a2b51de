/**
 * Who is calling, and what they may do: principals, permissions, tokens, passwords, and the
 * decisions about them, as values and pure functions. It knows neither the wire nor the disk.
 */
@NullMarked
package io.varve.server.security;

import org.jspecify.annotations.NullMarked;
