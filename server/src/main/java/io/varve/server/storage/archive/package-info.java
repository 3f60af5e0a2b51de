/**
 * Archive segments: files that hold a range of the log, compressed, with checksums and an index by
 * position; and the places where they lie. Knows nothing of the hot database.
 *
 * <p>The layout is in {@code docs/storage-format.md}. It is made to be read from a distance: a file
 * is written from its beginning to its end, and read in pieces that the index at its end names, so
 * that a place for files is little more than put, get a range, and list.
 */
@NullMarked
package io.varve.server.storage.archive;

import org.jspecify.annotations.NullMarked;
