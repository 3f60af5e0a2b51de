package io.varve.server.ops.tracing;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OpenTelemetry as the settings and OpenTelemetry's own variables ({@code OTEL_…}) say. Only traces
 * are exported: the metrics are for Prometheus to fetch, and the log is the operator's.
 */
public final class Tracing implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  /** How long spans that have not been sent yet may take when the server stops. */
  private static final Duration FLUSH = Duration.ofSeconds(2);

  private final OpenTelemetrySdk sdk;

  private Tracing(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
  }

  /**
   * Begins to export spans. What cannot be sent is dropped, and never holds the server up.
   *
   * @param endpoint where OTLP over HTTP is taken in; null for what {@code OTEL_…} says, or {@code
   *     http://localhost:4318}
   * @param release the server's release
   * @param storeId the store's id, by which one server is told from another
   * @throws IllegalArgumentException with a sentence, if what is asked for is not possible
   */
  public static Tracing start(@Nullable String endpoint, String release, String storeId) {
    Map<String, String> defaults = new HashMap<>();
    defaults.put("otel.service.name", "varve");
    defaults.put("otel.traces.exporter", "otlp");
    defaults.put("otel.metrics.exporter", "none");
    defaults.put("otel.logs.exporter", "none");
    defaults.put("otel.exporter.otlp.protocol", "http/protobuf");
    // By the name that is for traces alone, since that counts before the other one wherever it is
    // said; and the address then has to be the whole one.
    Map<String, String> asked =
        endpoint == null
            ? Map.of()
            : Map.of("otel.exporter.otlp.traces.endpoint", tracesBelow(endpoint));
    Resource store =
        Resource.create(
            Attributes.builder()
                .put("service.version", release)
                .put("service.instance.id", storeId)
                .build());
    try {
      return new Tracing(
          AutoConfiguredOpenTelemetrySdk.builder()
              .addPropertiesSupplier(() -> defaults)
              .addPropertiesCustomizer(_ -> asked)
              .addResourceCustomizer((resource, _) -> store.merge(resource))
              .disableShutdownHook()
              .build()
              .getOpenTelemetrySdk());
    } catch (RuntimeException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException("traces cannot be exported: " + cause.getMessage(), e);
    }
  }

  private static String tracesBelow(String endpoint) {
    return endpoint + (endpoint.endsWith("/") ? "" : "/") + "v1/traces";
  }

  /** Where spans go. */
  public OpenTelemetry telemetry() {
    return sdk;
  }

  /** Sends what is still to be sent, if that does not take long. */
  @Override
  public void close() {
    if (!sdk.shutdown().join(FLUSH.toMillis(), TimeUnit.MILLISECONDS).isSuccess()) {
      log.warn("the last traces could not be sent within {}", FLUSH);
    }
  }
}
