package io.varve.server.api.grpc;

import io.grpc.ServerInterceptor;
import io.opentelemetry.api.OpenTelemetry;
import io.varve.server.ops.CallListener;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who hears of calls. What nobody asks for costs nothing: there is not even anything in the way of
 * a call.
 *
 * @param listener hears when calls begin and end; null when nobody does
 * @param telemetry where spans of calls go; null when there are none
 * @param nanoTime a clock that only runs forwards
 */
public record CallObservation(
    @Nullable CallListener listener, @Nullable OpenTelemetry telemetry, LongSupplier nanoTime) {

  /** What stands around every call, the innermost first. */
  List<ServerInterceptor> interceptors() {
    List<ServerInterceptor> interceptors = new ArrayList<>();
    if (telemetry != null) {
      interceptors.add(new TracedCalls(telemetry));
    }
    if (listener != null) {
      interceptors.add(new ObservedCalls(listener, nanoTime));
    }
    return interceptors;
  }
}
