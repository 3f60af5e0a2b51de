/**
 * Who is calling, and what they may do: principals, permissions, tokens, passwords, and the
 * decisions about them. It knows neither the wire nor the disk; of the commit path it knows what
 * can become of a change that is to be kept.
 */
@NullMarked
package io.varve.server.security;

import org.jspecify.annotations.NullMarked;
