package io.varve.server.event;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a write if somebody has recorded a matching event meanwhile: the append condition of the
 * Dynamic Consistency Boundary specification (https://dcb.events/specification/).
 *
 * @param query the events that must not be there
 * @param afterPosition only events at higher positions count; 0: at any position
 * @param since only events recorded at or after this time count; null: at any time
 */
public record AppendCondition(Query query, long afterPosition, @Nullable Instant since) {}
