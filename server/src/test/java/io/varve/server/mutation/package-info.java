/**
 * Breaks the store on purpose, one small fault at a time, and sees that a test notices each.
 *
 * <p>The faults are in {@code src/test/mutations}, as text that is replaced in a source file.
 */
@NullMarked
package io.varve.server.mutation;

import org.jspecify.annotations.NullMarked;
