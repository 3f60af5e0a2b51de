/**
 * Events and snapshots as JSON, by Jackson 3 ({@code tools.jackson.core:jackson-databind}), which
 * the application brings along.
 */
@NullMarked
package io.varve.client.eventsourcing.json;

import org.jspecify.annotations.NullMarked;
