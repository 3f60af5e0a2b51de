package io.varve.server.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.varve.server.ops.TrafficListener;

/** How many events go out. Thread-safe. */
public final class TrafficMetrics implements TrafficListener {
  private final Counter read;
  private final Counter delivered;

  TrafficMetrics(MeterRegistry registry) {
    read =
        Counter.builder("varve.read.events")
            .description("Events sent to those who read.")
            .register(registry);
    delivered =
        Counter.builder("varve.delivered.events")
            .description("Events sent to subscribers.")
            .register(registry);
  }

  @Override
  public void read(int events) {
    read.increment(events);
  }

  @Override
  public void delivered(int events) {
    delivered.increment(events);
  }
}
