/** Ports for the tests of all modules. */
@NullMarked
package io.varve.client.port;

import org.jspecify.annotations.NullMarked;
