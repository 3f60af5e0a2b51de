/**
 * What the toolkit does, as metrics of Micrometer ({@code io.micrometer:micrometer-core}), which
 * the application brings along.
 */
@NullMarked
package io.varve.client.eventsourcing.metrics;

import org.jspecify.annotations.NullMarked;
