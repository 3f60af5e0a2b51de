/**
 * UmaDB's protocol: its five calls as an edge over the same core as Varve's own services. It holds
 * nothing of its own.
 *
 * <p>Events that are appended here have no stream in their writers' eyes; they live in one that is
 * named after the protocol. Events that were written to other streams show them as a tag:
 * docs/adr/0015-events-without-a-stream.md.
 */
@NullMarked
package io.varve.server.api.umadb;

import org.jspecify.annotations.NullMarked;
