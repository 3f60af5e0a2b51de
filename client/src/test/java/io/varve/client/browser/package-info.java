/** A browser for the tests of pages: the bank's, and the server's console. */
@NullMarked
package io.varve.client.browser;

import org.jspecify.annotations.NullMarked;
