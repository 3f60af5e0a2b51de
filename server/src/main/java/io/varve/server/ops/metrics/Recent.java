package io.varve.server.ops.metrics;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A figure that is looked up at most once a second, however many ask and however many of its parts
 * they ask for. Thread-safe.
 */
final class Recent<T> implements Supplier<T> {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Supplier<T> source;
  private final LongSupplier nanoTime;
  private @Nullable T value; // guarded by this
  private long takenNanos; // guarded by this

  Recent(Supplier<T> source, LongSupplier nanoTime) {
    this.source = source;
    this.nanoTime = nanoTime;
  }

  @Override
  public synchronized T get() {
    long now = nanoTime.getAsLong();
    T known = value;
    if (known == null || now - takenNanos >= FRESH_NANOS) {
      known = source.get();
      value = known;
      takenNanos = now;
    }
    return known;
  }
}
