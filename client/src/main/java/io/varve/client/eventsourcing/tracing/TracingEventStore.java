package io.varve.client.eventsourcing.tracing;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ExpectedVersion;
import io.varve.client.streams.ForwardingEventStore;
import io.varve.client.streams.NewEvent;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.ReadStream;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.SubscribeToStream;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.Transaction;
import io.varve.client.streams.TransactionResult;
import io.varve.client.streams.VarveException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A store that traces its calls. Appends and transactions are spans, and write their trace into the
 * metadata of their events; each event that a subscription delivers is a span of that same trace,
 * in whichever process it is, and is current while the listener runs. Everything of the toolkit
 * that is given this store is traced by it.
 *
 * <p>The first request of a read is a span; the pages that follow are not. Payloads, tags and
 * metadata are never part of a span.
 *
 * <pre>{@code
 * EventStore store = TracingEventStore.of(VarveClient.connect("varve://localhost:2113"), openTelemetry);
 * }</pre>
 */
public final class TracingEventStore extends ForwardingEventStore {

  static final AttributeKey<String> STREAM = AttributeKey.stringKey("varve.stream");
  static final AttributeKey<String> EVENT_TYPE = AttributeKey.stringKey("varve.event.type");
  static final AttributeKey<String> QUERY = AttributeKey.stringKey("varve.query");
  static final AttributeKey<Long> EVENTS = AttributeKey.longKey("varve.events");
  static final AttributeKey<Long> VERSION = AttributeKey.longKey("varve.version");
  static final AttributeKey<Long> POSITION = AttributeKey.longKey("varve.position");
  static final AttributeKey<Boolean> DEDUPLICATED = AttributeKey.booleanKey("varve.deduplicated");

  private final Tracer tracer;
  private final TraceContext traces;

  private TracingEventStore(EventStore store, OpenTelemetry telemetry) {
    super(store);
    this.tracer = telemetry.getTracer("io.varve.client");
    this.traces = new TraceContext(telemetry.getPropagators().getTextMapPropagator());
  }

  /** The store, traced. Closing it closes the store. */
  public static TracingEventStore of(EventStore store, OpenTelemetry telemetry) {
    return new TracingEventStore(store, telemetry);
  }

  // ---- appends

  @Override
  public AppendResult append(String stream, ExpectedVersion expected, List<NewEvent> events) {
    Span span = appending(stream, events);
    return inside(span, () -> appended(span, super.append(stream, expected, withTrace(events))));
  }

  @Override
  public AppendResult append(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    Span span = appending(stream, events);
    return inside(
        span, () -> appended(span, super.append(stream, expected, withTrace(events), tracking)));
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events) {
    Span span = appending(stream, events);
    return begun(
        span,
        () -> super.appendAsync(stream, expected, withTrace(events)),
        result -> appended(span, result));
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(
      String stream, ExpectedVersion expected, List<NewEvent> events, Tracking tracking) {
    Span span = appending(stream, events);
    return begun(
        span,
        () -> super.appendAsync(stream, expected, withTrace(events), tracking),
        result -> appended(span, result));
  }

  @Override
  public TransactionResult transact(Transaction transaction) {
    Span span = transacting(transaction);
    return inside(span, () -> committed(span, super.transact(withTrace(transaction))));
  }

  @Override
  public CompletableFuture<TransactionResult> transactAsync(Transaction transaction) {
    Span span = transacting(transaction);
    return begun(
        span, () -> super.transactAsync(withTrace(transaction)), result -> committed(span, result));
  }

  private Span appending(String stream, List<NewEvent> events) {
    return span("varve append", SpanKind.PRODUCER)
        .setAttribute(STREAM, stream)
        .setAttribute(EVENTS, (long) events.size())
        .startSpan();
  }

  private Span transacting(Transaction transaction) {
    return span("varve transact", SpanKind.PRODUCER)
        .setAttribute(EVENTS, transaction.events().count())
        .startSpan();
  }

  private static AppendResult appended(Span span, AppendResult result) {
    span.setAttribute(VERSION, result.version());
    span.setAttribute(POSITION, result.position());
    span.setAttribute(DEDUPLICATED, result.deduplicated());
    return result;
  }

  private static TransactionResult committed(Span span, TransactionResult result) {
    span.setAttribute(POSITION, result.position());
    span.setAttribute(DEDUPLICATED, result.deduplicated());
    return result;
  }

  private List<NewEvent> withTrace(List<NewEvent> events) {
    return events.stream().map(traces::into).toList();
  }

  private Transaction withTrace(Transaction transaction) {
    Transaction.Builder traced = Transaction.builder();
    for (Transaction.StreamPart part : transaction.streams()) {
      if (part.events().isEmpty()) {
        traced.check(part.stream(), part.expected());
      } else {
        traced.append(part.stream(), part.expected(), withTrace(part.events()));
      }
    }
    transaction.conditions().forEach(traced::condition);
    if (transaction.tracking() != null) {
      traced.tracking(transaction.tracking());
    }
    return traced.build();
  }

  // ---- reads

  @Override
  public EventReader readStream(ReadStream read) {
    Span span =
        span("varve read stream", SpanKind.CLIENT).setAttribute(STREAM, read.stream()).startSpan();
    return inside(span, () -> super.readStream(read));
  }

  @Override
  public EventReader readLog(ReadLog read) {
    Span span =
        span("varve read log", SpanKind.CLIENT)
            .setAttribute(QUERY, read.query().toString())
            .startSpan();
    return inside(span, () -> super.readLog(read));
  }

  // ---- subscriptions

  @Override
  public Subscription subscribeToStream(SubscribeToStream request, SubscriptionListener listener) {
    return super.subscribeToStream(request, new TracedListener(listener));
  }

  @Override
  public Subscription subscribeToLog(SubscribeToLog request, SubscriptionListener listener) {
    return super.subscribeToLog(request, new TracedListener(listener));
  }

  private final class TracedListener implements SubscriptionListener {

    private final SubscriptionListener listener;

    TracedListener(SubscriptionListener listener) {
      this.listener = listener;
    }

    @Override
    public void onEvent(RecordedEvent event) throws Exception {
      Context writer = traces.of(event);
      Span span =
          span("varve receive", SpanKind.CONSUMER)
              .setParent(writer)
              .setAttribute(STREAM, event.stream())
              .setAttribute(EVENT_TYPE, event.type())
              .setAttribute(VERSION, event.version())
              .setAttribute(POSITION, event.position())
              .startSpan();
      try {
        writer
            .with(span)
            .wrap(
                () -> {
                  listener.onEvent(event);
                  return event;
                })
            .call();
      } catch (Exception e) {
        fail(span, e);
        throw e;
      } finally {
        span.end();
      }
    }

    @Override
    public void onCheckpoint(long position) {
      listener.onCheckpoint(position);
    }

    @Override
    public void onCaughtUp(long position) {
      listener.onCaughtUp(position);
    }

    @Override
    public void onFellBehind(long position) {
      listener.onFellBehind(position);
    }

    @Override
    public void onReconnecting(VarveException cause) {
      listener.onReconnecting(cause);
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      listener.onClosed(cause);
    }
  }

  // ---- spans

  private SpanBuilder span(String name, SpanKind kind) {
    return tracer.spanBuilder(name).setSpanKind(kind);
  }

  private static <T> T inside(Span span, Supplier<T> call) {
    try {
      return Context.current().with(span).wrapSupplier(call).get();
    } catch (RuntimeException e) {
      fail(span, e);
      throw e;
    } finally {
      span.end();
    }
  }

  private static <T> CompletableFuture<T> begun(
      Span span, Supplier<CompletableFuture<T>> call, Consumer<T> onResult) {
    try {
      return Context.current()
          .with(span)
          .wrapSupplier(call)
          .get()
          .whenComplete(
              (result, failure) -> {
                if (failure == null) {
                  onResult.accept(result);
                } else {
                  fail(span, failure);
                }
                span.end();
              });
    } catch (RuntimeException e) {
      fail(span, e);
      span.end();
      throw e;
    }
  }

  private static void fail(Span span, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    span.recordException(cause);
    span.setStatus(StatusCode.ERROR);
  }
}
