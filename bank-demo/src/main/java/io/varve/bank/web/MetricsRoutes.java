package io.varve.bank.web;

import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code GET /metrics}: figures in Prometheus's text format; and the times of all requests. */
final class MetricsRoutes {

  private static final String TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

  private final PrometheusMeterRegistry registry;

  MetricsRoutes(PrometheusMeterRegistry registry) {
    this.registry = registry;
  }

  void register(JavalinConfig config) {
    config.routes.get("/metrics", context -> context.contentType(TEXT_FORMAT).result(scrape()));
    config.requestLogger.http(this::time);
  }

  private String scrape() {
    return registry.scrape();
  }

  /** By the route and not by the path, which has ids in it. */
  private void time(Context context, float millis) {
    @Nullable Endpoint endpoint = context.endpoints().lastHttpEndpoint();
    Timer.builder("bank.http.requests")
        .description("Requests by route and status")
        .tag("method", context.method().name())
        .tag("route", endpoint == null ? "none" : endpoint.path)
        .tag("status", Integer.toString(context.statusCode()))
        .register(registry)
        .record((long) (millis * 1000), TimeUnit.MICROSECONDS);
  }
}
