/**
 * Traces by OpenTelemetry ({@code io.opentelemetry:opentelemetry-api}), which the application
 * brings along: what a store is asked, what a subscription delivers, and the trace that leads from
 * the one to the other through the metadata of events.
 */
@NullMarked
package io.varve.client.eventsourcing.tracing;

import org.jspecify.annotations.NullMarked;
