/**
 * KurrentDB's gRPC protocol as an edge over the same core, so that its clients connect unchanged:
 * translates requests into the core's operations and back, and holds no state of its own. docs/adr
 * 16 has the decisions, docs/kurrentdb-clients.md what its users must know.
 */
@NullMarked
package io.varve.server.api.kurrent;

import org.jspecify.annotations.NullMarked;
