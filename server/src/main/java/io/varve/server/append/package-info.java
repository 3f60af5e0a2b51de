/**
 * The commit path: queue, batch, check, commit, publish, acknowledge, with one writer.
 *
 * <p>{@link io.varve.server.append.CommitLog} is the only way to write. What it decides depends on
 * the commands and their order alone, so the same code can later apply a replicated log.
 */
@NullMarked
package io.varve.server.append;

import org.jspecify.annotations.NullMarked;
