/**
 * The web console: a page on the operations port that shows what the store holds and how it fares,
 * and the JSON that the page is made of. Looks only, unless changes are allowed.
 */
@NullMarked
package io.varve.server.ops.console;

import org.jspecify.annotations.NullMarked;
