package io.varve.client.eventsourcing.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.junit5.OpenTelemetryExtension;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.VersionConflictException;
import io.varve.client.testkit.InMemoryEventStore;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TracingEventStoreTest {

  @RegisterExtension
  static final OpenTelemetryExtension TELEMETRY = OpenTelemetryExtension.create();

  private final EventStore store =
      TracingEventStore.of(new InMemoryEventStore(), TELEMETRY.getOpenTelemetry());

  @AfterEach
  void close() {
    store.close();
  }

  private static NewEvent opened() {
    return NewEvent.json("Opened", "{}");
  }

  private static SpanData span(String name) {
    await()
        .until(() -> TELEMETRY.getSpans().stream().anyMatch(span -> span.getName().equals(name)));
    return TELEMETRY.getSpans().stream()
        .filter(span -> span.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void an_append_is_a_span_of_the_current_trace_and_its_events_carry_it() {
    Span request =
        TELEMETRY.getOpenTelemetry().getTracer("test").spanBuilder("request").startSpan();
    try (Scope _ = request.makeCurrent()) {
      store.append("account-1", ExpectedVersion.noStream(), opened());
    } finally {
      request.end();
    }

    SpanData append = span("varve append");
    assertThat(append.getTraceId()).isEqualTo(request.getSpanContext().getTraceId());
    assertThat(append.getKind()).isEqualTo(SpanKind.PRODUCER);
    assertThat(append.getAttributes().get(TracingEventStore.STREAM)).isEqualTo("account-1");
    assertThat(append.getAttributes().get(TracingEventStore.VERSION)).isEqualTo(1);
    RecordedEvent event = store.getEvent("account-1", 1).orElseThrow();
    assertThat(event.metadata().get("traceparent"))
        .contains(append.getTraceId())
        .contains(append.getSpanId());
  }

  @Test
  void what_a_subscription_delivers_belongs_to_the_trace_that_wrote_it() throws Exception {
    BlockingQueue<String> traces = new LinkedBlockingQueue<>();
    try (Subscription _ =
        store.subscribeToLog(
            SubscribeToLog.all(), _ -> traces.add(Span.current().getSpanContext().getTraceId()))) {
      store.append("account-1", ExpectedVersion.noStream(), opened());

      assertThat(traces.poll(30, TimeUnit.SECONDS)).isEqualTo(span("varve append").getTraceId());
    }
    SpanData received = span("varve receive");
    assertThat(received.getKind()).isEqualTo(SpanKind.CONSUMER);
    assertThat(received.getParentSpanId()).isEqualTo(span("varve append").getSpanId());
    assertThat(received.getAttributes().get(TracingEventStore.EVENT_TYPE)).isEqualTo("Opened");
  }

  @Test
  void a_trace_that_an_event_carries_already_stays() {
    String other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    store.append(
        "account-1",
        ExpectedVersion.noStream(),
        NewEvent.builder("Opened").metadata("traceparent", other).build());

    assertThat(store.getEvent("account-1", 1).orElseThrow().metadata())
        .containsEntry("traceparent", other);
  }

  @Test
  void a_refused_append_is_a_failed_span() {
    assertThatThrownBy(() -> store.append("account-1", ExpectedVersion.exactly(7), opened()))
        .isInstanceOf(VersionConflictException.class);

    assertThat(span("varve append").getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
  }

  @Test
  void an_append_that_nobody_waits_for_ends_its_span_with_its_answer() {
    store.appendAsync("account-1", ExpectedVersion.noStream(), List.of(opened())).join();
    assertThat(span("varve append").getAttributes().get(TracingEventStore.POSITION)).isEqualTo(1);

    assertThatThrownBy(
            () ->
                store
                    .appendAsync(
                        "account-1",
                        ExpectedVersion.noStream(),
                        List.of(opened()),
                        new Tracking("source", 1))
                    .join())
        .isInstanceOf(CompletionException.class);
    await()
        .until(
            () ->
                TELEMETRY.getSpans().stream()
                    .anyMatch(span -> span.getStatus().getStatusCode() == StatusCode.ERROR));
  }

  @Test
  void a_transaction_is_a_span_and_keeps_all_its_parts() {
    store.append("account-1", ExpectedVersion.noStream(), opened());

    store.transact(
        Transaction.builder()
            .check("account-1", ExpectedVersion.exactly(1))
            .append("account-2", ExpectedVersion.noStream(), opened())
            .tracking("source", 5)
            .build());

    assertThat(span("varve transact").getAttributes().get(TracingEventStore.EVENTS)).isEqualTo(1);
    assertThat(store.tracking("source")).hasValue(5);
    assertThat(store.getEvent("account-2", 1).orElseThrow().metadata()).containsKey("traceparent");
    assertThatThrownBy(
            () ->
                store.transact(
                    Transaction.builder().check("account-1", ExpectedVersion.exactly(9)).build()))
        .isInstanceOf(VersionConflictException.class);
  }

  @Test
  void reads_are_spans_that_name_what_is_read() {
    store.append("account-1", ExpectedVersion.noStream(), opened());
    store.readStream(ReadStream.of("account-1")).toList();
    store.readLog(ReadLog.all()).toList();

    assertThat(span("varve read stream").getAttributes().get(TracingEventStore.STREAM))
        .isEqualTo("account-1");
    assertThat(span("varve read log").getAttributes().get(TracingEventStore.QUERY)).isNotEmpty();
  }
}
