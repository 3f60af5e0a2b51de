package io.varve.server.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The loop, on operations that do nothing but take time. */
class LoaderTest {
  private static final LoadPlan CLOSED =
      new LoadPlan(3, null, Duration.ZERO, Duration.ofSeconds(1));

  @Test
  void what_waits_behind_a_stall_is_counted_from_when_it_was_due() {
    // 100 requests in a second, of which the first takes half of it: 49 others are late.
    LoadPlan plan = new LoadPlan(1, 100.0, Duration.ZERO, Duration.ofSeconds(1));
    AtomicInteger asked = new AtomicInteger();

    LoadResult result =
        Loader.run(
            plan,
            _ ->
                _ -> {
                  if (asked.getAndIncrement() == 0) {
                    stall(Duration.ofMillis(500));
                  }
                  return 1;
                });

    assertThat(result.requests()).isEqualTo(100);
    assertThat(result.micros(50)).isPositive();
    // Of 100 requests that wait 0, 10, 20 ... 490 ms, the 75th percentile waits about 250 ms. If
    // only the stalled one counted, it would be next to nothing.
    assertThat(result.micros(75)).isGreaterThan(200_000);
  }

  @Test
  void a_closed_loop_waits_for_each_answer() {
    AtomicInteger atOnce = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();

    LoadResult result =
        Loader.run(
            CLOSED,
            _ ->
                _ -> {
                  most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                  stall(Duration.ofMillis(1));
                  atOnce.decrementAndGet();
                  return 2;
                });

    assertThat(result.requests()).isPositive();
    assertThat(result.events()).isEqualTo(2 * result.requests());
    assertThat(most.get()).isLessThanOrEqualTo(3);
  }

  @Test
  void the_warm_up_does_not_count() {
    LoadPlan plan = new LoadPlan(2, 100.0, Duration.ofSeconds(1), Duration.ofSeconds(1));
    AtomicInteger asked = new AtomicInteger();

    LoadResult result =
        Loader.run(
            plan,
            _ ->
                _ -> {
                  asked.incrementAndGet();
                  return 1;
                });

    assertThat(asked.get()).isEqualTo(200);
    assertThat(result.requests()).isEqualTo(100);
  }

  @Test
  void a_pipelined_client_has_a_window_of_requests_unanswered_and_no_more() {
    Queue<CompletableFuture<Long>> unanswered = new ConcurrentLinkedQueue<>();
    AtomicInteger most = new AtomicInteger();
    LoadPart part =
        LoadPart.pipelined(
            1,
            null,
            8,
            _ ->
                () -> {
                  CompletableFuture<Long> answer = new CompletableFuture<>();
                  unanswered.add(answer);
                  most.accumulateAndGet(unanswered.size(), Math::max);
                  return answer;
                });
    // Answers everything once the window is full, until the client is done.
    Thread answering =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!Thread.currentThread().isInterrupted()) {
                    CompletableFuture<Long> answer = unanswered.poll();
                    if (answer != null) {
                      answer.complete(1L);
                    } else {
                      LockSupport.parkNanos(100_000);
                    }
                  }
                });

    LoadResult result = new Loader(CLOSED).run(List.of(part)).getFirst();
    answering.interrupt();

    assertThat(result.requests()).isGreaterThan(8);
    assertThat(most.get()).isLessThanOrEqualTo(8);
    assertThat(unanswered).isEmpty();
  }

  @Test
  void a_request_that_fails_ends_the_run_of_all_clients() {
    LoadPlan endless = new LoadPlan(4, null, Duration.ZERO, Duration.ofDays(1));

    assertThatThrownBy(
            () ->
                Loader.run(
                    endless,
                    number ->
                        _ -> {
                          if (number == 2) {
                            throw new IllegalStateException("refused");
                          }
                          return 1;
                        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("refused");
  }

  @Test
  void a_pipelined_request_that_fails_ends_the_run_too() {
    LoadPlan endless = new LoadPlan(1, null, Duration.ZERO, Duration.ofDays(1));
    Queue<CompletableFuture<Long>> answers =
        new ArrayDeque<>(
            List.of(
                CompletableFuture.completedFuture(1L),
                CompletableFuture.failedFuture(new IllegalStateException("refused"))));
    LoadPart part = LoadPart.pipelined(1, null, 1, _ -> answers::remove);

    assertThatThrownBy(() -> new Loader(endless).run(List.of(part)))
        .isInstanceOf(LoadFailure.class)
        .hasMessageContaining("refused");
  }

  private static void stall(Duration time) {
    long until = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < until) {
      LockSupport.parkNanos(until - System.nanoTime());
    }
  }
}
