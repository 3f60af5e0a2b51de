package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.varve.server.ops.CallListener;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/** How many calls there are, how they end, and how long they take. Thread-safe. */
public final class CallMetrics implements CallListener {
  private final MeterRegistry registry;
  private final Histogram times;
  private final ConcurrentMap<Method, Calls> methods = new ConcurrentHashMap<>();

  private record Method(String service, String name) {}

  private record Calls(
      LongAdder inFlight, DistributionDataPoint took, ConcurrentMap<String, Counter> ended) {}

  CallMetrics(MeterRegistry registry, Histograms histograms) {
    this.registry = registry;
    this.times =
        histograms.seconds(
            "varve_call_seconds",
            "How long calls take; a subscription's is its whole life.",
            "service",
            "method");
  }

  @Override
  public void begun(String service, String method) {
    calls(new Method(service, method)).inFlight().increment();
  }

  @Override
  public void ended(String service, String method, String code, Duration took) {
    Method key = new Method(service, method);
    Calls calls = calls(key);
    calls.inFlight().decrement();
    calls.took().observe(Histograms.seconds(took.toNanos()));
    calls.ended().computeIfAbsent(code, _ -> counter(key, code)).increment();
  }

  private Calls calls(Method method) {
    Calls known = methods.get(method);
    return known == null ? methods.computeIfAbsent(method, this::register) : known;
  }

  private Calls register(Method method) {
    LongAdder inFlight = new LongAdder();
    Gauge.builder("varve.calls.in.flight", inFlight, LongAdder::sum)
        .description("Calls that have begun and not ended; open subscriptions are among them.")
        .tag("service", method.service())
        .tag("method", method.name())
        .register(registry);
    DistributionDataPoint took = times.labelValues(method.service(), method.name());
    return new Calls(inFlight, took, new ConcurrentHashMap<>());
  }

  private Counter counter(Method method, String code) {
    return Counter.builder("varve.calls")
        .description("Calls that have ended, by the code of their status.")
        .tag("service", method.service())
        .tag("method", method.name())
        .tag("code", code)
        .register(registry);
  }
}
