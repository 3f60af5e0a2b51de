/** Traces of what the server does, for OpenTelemetry; nothing of it is made unless asked for. */
@NullMarked
package io.varve.server.ops.tracing;

import org.jspecify.annotations.NullMarked;
