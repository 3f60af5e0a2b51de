package io.varve.client.eventsourcing.tracing;

import static java.util.Objects.requireNonNull;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.varve.client.eventsourcing.consumer.ConsumedEvent;
import io.varve.client.eventsourcing.consumer.EventHandler;
import io.varve.client.eventsourcing.consumer.Outcome;

/**
 * A handler of a consumer group that is traced: each event is a span of the trace that wrote it, in
 * whichever process that was, and is current while the handler runs. Payloads, tags and metadata
 * are never part of a span.
 *
 * <pre>{@code
 * ConsumerRunner.builder(store, "mails", types, TracedHandler.of(handler, openTelemetry)).start();
 * }</pre>
 *
 * @param <E> the events
 */
public final class TracedHandler<E> implements EventHandler<E> {

  private final EventHandler<E> handler;
  private final Tracer tracer;
  private final TraceContext traces;

  private TracedHandler(EventHandler<E> handler, OpenTelemetry telemetry) {
    this.handler = requireNonNull(handler);
    this.tracer = telemetry.getTracer("io.varve.client");
    this.traces = new TraceContext(telemetry.getPropagators().getTextMapPropagator());
  }

  /** The handler, traced. */
  public static <E> TracedHandler<E> of(EventHandler<E> handler, OpenTelemetry telemetry) {
    return new TracedHandler<>(handler, telemetry);
  }

  @Override
  public Outcome handle(ConsumedEvent<E> event) throws Exception {
    Context writer = traces.of(event.recorded());
    Span span =
        tracer
            .spanBuilder("varve handle")
            .setSpanKind(SpanKind.CONSUMER)
            .setParent(writer)
            .setAttribute(TracingEventStore.STREAM, event.stream())
            .setAttribute(TracingEventStore.EVENT_TYPE, event.recorded().type())
            .setAttribute(TracingEventStore.VERSION, event.version())
            .setAttribute(TracingEventStore.POSITION, event.position())
            .startSpan();
    try {
      Outcome outcome = writer.with(span).wrap(() -> handler.handle(event)).call();
      if (!(outcome instanceof Outcome.Done || outcome instanceof Outcome.Skip)) {
        span.setStatus(StatusCode.ERROR);
      }
      return outcome;
    } catch (Exception e) {
      span.recordException(e);
      span.setStatus(StatusCode.ERROR);
      throw e;
    } finally {
      span.end();
    }
  }
}
