package io.varve.server.ops.http;

import io.varve.server.ops.http.Authenticator.Need;
import io.varve.server.ops.metrics.ServerMetrics;
import java.util.List;

/** {@code /metrics}: for Prometheus. */
public final class MetricsRoutes {
  private MetricsRoutes() {}

  /** It alone. */
  public static List<Route> of(ServerMetrics metrics) {
    return List.of(
        Route.get(
            "/metrics",
            Need.METRICS,
            request -> {
              String accept = request.header("Accept");
              String format =
                  accept != null && accept.contains("application/openmetrics-text")
                      ? ServerMetrics.OPEN_METRICS
                      : ServerMetrics.TEXT;
              return Response.of(format, metrics.scrape(format));
            }));
  }
}
