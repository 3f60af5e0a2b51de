/**
 * The gRPC services: from messages to values and back, and the one place that knows status codes.
 *
 * <p>Everything here is an edge: it checks what comes in against the limits, calls the core, and
 * says what became of it in the contract's words. Stored events pass through as bytes.
 */
@NullMarked
package io.varve.server.api.grpc;

import org.jspecify.annotations.NullMarked;
