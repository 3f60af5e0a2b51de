/**
 * What a running server counts and measures, for Prometheus. The only place that knows Micrometer;
 * the core tells it through listeners, and knows nothing of it.
 */
@NullMarked
package io.varve.server.ops.metrics;

import org.jspecify.annotations.NullMarked;
