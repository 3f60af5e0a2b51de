package io.varve.client.eventsourcing.tracing;

import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import java.util.HashMap;
import java.util.Map;

/**
 * Carries a trace through the metadata of events, under the keys of the propagator that the
 * application has chosen ({@code traceparent} of the W3C as a rule).
 */
final class TraceContext {

  private static final TextMapGetter<Map<String, String>> METADATA =
      (metadata, key) -> metadata == null ? null : metadata.get(key);

  private final TextMapPropagator propagator;

  TraceContext(TextMapPropagator propagator) {
    this.propagator = propagator;
  }

  /** The event with the current trace in its metadata; as it is if it carries one already. */
  NewEvent into(NewEvent event) {
    for (String key : propagator.fields()) {
      if (event.metadata().containsKey(key)) {
        return event;
      }
    }
    Map<String, String> fields = new HashMap<>();
    propagator.inject(Context.current(), fields, (carrier, key, value) -> fields.put(key, value));
    return fields.isEmpty() ? event : event.toBuilder().metadata(fields).build();
  }

  /** The trace that wrote the event; the present one if it carries none. */
  Context of(RecordedEvent event) {
    return propagator.extract(Context.current(), event.metadata(), METADATA);
  }
}
