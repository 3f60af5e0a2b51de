/** The code of docs/event-sourcing.md, compiled and run. */
@NullMarked
package io.varve.client.guide;

import org.jspecify.annotations.NullMarked;
