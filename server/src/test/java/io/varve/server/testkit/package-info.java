/** The client's testkit, where it needs a server. */
@NullMarked
package io.varve.server.testkit;

import org.jspecify.annotations.NullMarked;
