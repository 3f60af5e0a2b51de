/**
 * A disk that remembers what was written to it in which order, what of it was synced, and that
 * fails when it is told to: for tests of lost power and of broken disks, on a server in a process
 * of its own.
 */
@NullMarked
package io.varve.server.disk;

import org.jspecify.annotations.NullMarked;
