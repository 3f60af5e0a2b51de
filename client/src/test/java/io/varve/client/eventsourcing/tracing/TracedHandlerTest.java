package io.varve.client.eventsourcing.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.junit5.OpenTelemetryExtension;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.varve.client.eventsourcing.TypedEvent;
import io.varve.client.eventsourcing.consumer.ConsumedEvent;
import io.varve.client.eventsourcing.consumer.EventHandler;
import io.varve.client.eventsourcing.consumer.Outcome;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.testkit.InMemoryEventStore;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TracedHandlerTest {

  @RegisterExtension
  static final OpenTelemetryExtension TELEMETRY = OpenTelemetryExtension.create();

  private final EventStore store =
      TracingEventStore.of(new InMemoryEventStore(), TELEMETRY.getOpenTelemetry());

  @AfterEach
  void close() {
    store.close();
  }

  private ConsumedEvent<RecordedEvent> appended() {
    long position =
        store
            .append("account-1", ExpectedVersion.noStream(), NewEvent.json("Opened", "{}"))
            .position();
    RecordedEvent event = store.getEvent(position).orElseThrow();
    return new ConsumedEvent<>(new TypedEvent<>(event, event), 0, false);
  }

  private static TracedHandler<RecordedEvent> traced(EventHandler<RecordedEvent> handler) {
    return TracedHandler.of(handler, TELEMETRY.getOpenTelemetry());
  }

  private static SpanData span(String name) {
    return TELEMETRY.getSpans().stream()
        .filter(span -> span.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_handled_event_is_a_span_of_the_trace_that_wrote_it_and_current_meanwhile()
      throws Exception {
    List<String> traces = new ArrayList<>();

    Outcome outcome =
        traced(
                event -> {
                  traces.add(Span.current().getSpanContext().getTraceId());
                  return Outcome.done();
                })
            .handle(appended());

    assertThat(outcome).isEqualTo(Outcome.done());
    SpanData append = span("varve append");
    SpanData handle = span("varve handle");
    assertThat(handle.getTraceId()).isEqualTo(append.getTraceId());
    assertThat(handle.getParentSpanId()).isEqualTo(append.getSpanId());
    assertThat(handle.getKind()).isEqualTo(SpanKind.CONSUMER);
    assertThat(handle.getAttributes().get(TracingEventStore.STREAM)).isEqualTo("account-1");
    assertThat(handle.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    assertThat(traces).containsExactly(append.getTraceId());
  }

  @Test
  void a_failure_and_an_outcome_that_is_not_done_are_errors_of_the_span() throws Exception {
    assertThat(traced(event -> Outcome.retry("later")).handle(appended()))
        .isEqualTo(Outcome.retry("later"));
    assertThat(span("varve handle").getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    TELEMETRY.clearSpans();
    IllegalStateException failure = new IllegalStateException("no");
    RecordedEvent event = store.getEvent("account-1", 1).orElseThrow();
    ConsumedEvent<RecordedEvent> again =
        new ConsumedEvent<>(new TypedEvent<>(event, event), 1, false);

    assertThatThrownBy(
            () ->
                traced(
                        failing -> {
                          throw failure;
                        })
                    .handle(again))
        .isSameAs(failure);

    assertThat(span("varve handle").getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(span("varve handle").getEvents()).hasSize(1);
  }
}
