/** What an operator may set, as records: parsed and validated once, before anything opens. */
@NullMarked
package io.varve.server.config;

import org.jspecify.annotations.NullMarked;
