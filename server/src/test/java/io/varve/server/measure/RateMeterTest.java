package io.varve.server.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.varve.server.ops.Traffic;
import io.varve.server.storage.EventRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateMeterTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final AtomicLong now = new AtomicLong();
  private final RateMeter meter = new RateMeter(now::get);

  /** Something that happened, and in which second. */
  private record Happened(long second, long count) {}

  @Test
  void of_nothing_the_rate_is_zero() {
    assertThat(meter.perSecond()).isZero();
    now.addAndGet(1_000 * SECOND);
    assertThat(meter.perSecond()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 12_345, -30, -1})
  void what_happened_counts_for_a_minute_and_then_no_more(long startSecond) {
    now.set(startSecond * SECOND);
    meter.add(120);
    assertThat(meter.perSecond()).isEqualTo(2);

    now.addAndGet(60 * SECOND - 1);
    assertThat(meter.perSecond()).isEqualTo(2);

    now.addAndGet(1);
    assertThat(meter.perSecond()).isZero();
  }

  @Test
  void a_steady_stream_has_its_own_rate() {
    for (int second = 0; second < 500; second++) {
      meter.add(3);
      meter.add(4);
      if (second >= 59) {
        assertThat(meter.perSecond()).isEqualTo(7);
      }
      now.addAndGet(SECOND);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void the_rate_is_that_of_the_last_60_seconds_whatever_happened_before(long seed) {
    Random random = new Random(seed);
    now.set(random.nextLong(-200, 200) * SECOND);
    List<Happened> happened = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      now.addAndGet(random.nextLong(random.nextInt(20) == 0 ? 90 * SECOND : SECOND));
      long count = random.nextInt(100);
      meter.add(count);
      long second = Math.floorDiv(now.get(), SECOND);
      happened.add(new Happened(second, count));

      long expected =
          happened.stream()
              .filter(one -> one.second() > second - 60)
              .mapToLong(Happened::count)
              .sum();
      assertThat(meter.perSecond()).isCloseTo(expected / 60.0, within(1e-9));
    }
  }

  @Test
  void threads_that_count_at_the_same_time_lose_nothing() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> counting = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        counting.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 15_000; i++) {
                    meter.add(1);
                    if (i % 1_000 == 0) {
                      now.addAndGet(SECOND / 2); // 30 seconds in all: the minute is not left
                    }
                  }
                }));
      }
      for (Future<?> done : counting) {
        done.get();
      }
    }

    assertThat(meter.perSecond()).isEqualTo(1_000);
  }

  @Test
  void traffic_counts_events_and_not_commits_or_pages() {
    Traffic traffic = new Traffic(now::get);

    traffic.committed(List.of(run(5), run(7)));
    traffic.committed(List.of(run(48)));
    traffic.read(90);
    traffic.delivered(30);

    assertThat(traffic.appendsPerSecond()).isEqualTo(1);
    assertThat(traffic.readsPerSecond()).isEqualTo(2);
  }

  private static EventRun run(int events) {
    return new EventRun(new byte[0], 0, 0, events, 1, events);
  }
}
