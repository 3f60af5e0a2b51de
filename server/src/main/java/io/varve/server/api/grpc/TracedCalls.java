package io.varve.server.api.grpc;

import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;

/**
 * Makes a span of every call, in the trace that the caller's metadata name, and has it current
 * while the call is being served. Payloads, names of streams and addresses are never part of it.
 */
final class TracedCalls implements ServerInterceptor {
  private static final TextMapGetter<Metadata> HEADERS =
      (headers, name) ->
          headers == null
              ? null
              : headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));

  private final Tracer tracer;
  private final TextMapPropagator propagator;

  TracedCalls(OpenTelemetry telemetry) {
    this.tracer = telemetry.getTracer("io.varve.server");
    this.propagator = telemetry.getPropagators().getTextMapPropagator();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    MethodDescriptor<Q, R> method = call.getMethodDescriptor();
    Context caller = propagator.extract(Context.root(), headers, HEADERS);
    Span span =
        tracer
            .spanBuilder(method.getFullMethodName())
            .setParent(caller)
            .setSpanKind(SpanKind.SERVER)
            .setAttribute("rpc.system.name", "grpc")
            .setAttribute("rpc.method", method.getFullMethodName())
            .startSpan();
    Context serving = caller.with(span);
    try (Scope _ = serving.makeCurrent()) {
      return new TracedListener<>(next.startCall(new TracedCall<>(call, span), headers), serving);
    } catch (RuntimeException e) {
      span.setStatus(StatusCode.ERROR);
      span.end();
      throw e;
    }
  }

  /** Notes with what status a call is closed. */
  private static final class TracedCall<Q, R>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, R> {
    private final Span span;

    TracedCall(ServerCall<Q, R> call, Span span) {
      super(call);
      this.span = span;
    }

    @Override
    public void close(Status status, Metadata trailers) {
      span.setAttribute("rpc.response.status_code", status.getCode().name());
      if (isServersFault(status.getCode())) {
        span.setStatus(StatusCode.ERROR);
      }
      super.close(status, trailers);
    }

    /** A caller's mistake or a refusal is no error of this server, as OpenTelemetry has it. */
    private static boolean isServersFault(Status.Code code) {
      return switch (code) {
        case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
        default -> false;
      };
    }
  }

  private static final class TracedListener<Q>
      extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {
    private final Context serving;

    TracedListener(ServerCall.Listener<Q> listener, Context serving) {
      super(listener);
      this.serving = serving;
    }

    @Override
    public void onMessage(Q message) {
      try (Scope _ = serving.makeCurrent()) {
        super.onMessage(message);
      }
    }

    @Override
    public void onHalfClose() {
      try (Scope _ = serving.makeCurrent()) {
        super.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      try (Scope _ = serving.makeCurrent()) {
        super.onReady();
      }
    }

    @Override
    public void onCancel() {
      Span span = Span.fromContext(serving);
      span.setAttribute("rpc.response.status_code", Status.Code.CANCELLED.name());
      span.end();
      super.onCancel();
    }

    @Override
    public void onComplete() {
      Span.fromContext(serving).end();
      super.onComplete();
    }
  }
}
