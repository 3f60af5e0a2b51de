package io.varve.server.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.server.storage.Scavenge;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScavengerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);
  private static final ScavengeSettings WHEN_ASKED = ScavengeSettings.every(Duration.ZERO);

  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  private Scavenger scavenger(Scavenge pass, ScavengeSettings settings) {
    return new Scavenger(() -> pass, settings, executor, () -> NOW);
  }

  @Test
  void a_pass_is_taken_to_its_end_and_what_it_has_done_is_counted() {
    AtomicInteger steps = new AtomicInteger();
    Scavenger scavenger =
        scavenger(() -> new Scavenge.Step(7, 100, steps.incrementAndGet() % 3 == 0), WHEN_ASKED);
    assertThat(scavenger.progress()).isEqualTo(new Scavenger.Progress(false, 0, null));

    assertThat(scavenger.start()).isTrue();

    await()
        .atMost(PATIENCE)
        .until(() -> scavenger.progress().equals(new Scavenger.Progress(false, 21, NOW)));
    assertThat(scavenger.start()).isTrue();
    await().atMost(PATIENCE).until(() -> scavenger.progress().events() == 42);
  }

  @Test
  void while_one_is_under_way_no_other_begins() {
    CountDownLatch go = new CountDownLatch(1);
    Scavenger scavenger =
        scavenger(
            () -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return new Scavenge.Step(1, 1, true);
            },
            WHEN_ASKED);

    assertThat(scavenger.start()).isTrue();
    assertThat(scavenger.start()).isFalse();
    assertThat(scavenger.progress().running()).isTrue();
    go.countDown();

    await().atMost(PATIENCE).until(() -> !scavenger.progress().running());
    assertThat(scavenger.progress().events()).isEqualTo(1);
  }

  @Test
  void a_pass_that_fails_is_given_up_and_the_next_tries_again() {
    AtomicInteger steps = new AtomicInteger();
    Scavenger scavenger =
        scavenger(
            () -> {
              if (steps.incrementAndGet() == 1) {
                throw new IllegalStateException("the disk is full");
              }
              return new Scavenge.Step(1, 1, true);
            },
            WHEN_ASKED);

    scavenger.start();
    await().atMost(PATIENCE).until(() -> !scavenger.progress().running());
    assertThat(scavenger.progress().lastFinishedAt()).isNull();

    assertThat(scavenger.start()).isTrue();
    await().atMost(PATIENCE).until(() -> NOW.equals(scavenger.progress().lastFinishedAt()));
  }

  @Test
  void a_pass_that_is_stopped_ends_after_its_step_and_can_be_begun_anew() {
    AtomicInteger steps = new AtomicInteger();
    Scavenger scavenger =
        scavenger(
            () -> {
              steps.incrementAndGet();
              return new Scavenge.Step(1, 0, false);
            },
            WHEN_ASKED);
    assertThat(scavenger.stop(1)).isFalse();

    Scavenger.Begun first = scavenger.begin();
    assertThat(first).isEqualTo(new Scavenger.Begun(1, true));
    assertThat(scavenger.begin()).isEqualTo(new Scavenger.Begun(1, false));
    await().atMost(PATIENCE).until(() -> steps.get() > 2);
    assertThat(scavenger.stop(2)).isFalse();
    assertThat(scavenger.stop(1)).isTrue();

    await().atMost(PATIENCE).until(() -> !scavenger.progress().running());
    assertThat(scavenger.progress().lastFinishedAt()).isNull();
    assertThat(scavenger.stop(1)).isFalse();
    assertThat(scavenger.begin()).isEqualTo(new Scavenger.Begun(2, true));
    assertThat(scavenger.stop(2)).isTrue();
  }

  @Test
  void a_pass_that_is_asked_for_while_another_is_about_to_end_goes_on() {
    CountDownLatch stopped = new CountDownLatch(1);
    AtomicInteger steps = new AtomicInteger();
    Scavenger scavenger =
        scavenger(
            () -> {
              try {
                stopped.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return new Scavenge.Step(1, 0, steps.incrementAndGet() == 3);
            },
            WHEN_ASKED);
    assertThat(scavenger.begin()).isEqualTo(new Scavenger.Begun(1, true));
    assertThat(scavenger.stop(1)).isTrue();

    assertThat(scavenger.begin()).isEqualTo(new Scavenger.Begun(1, false));
    stopped.countDown();

    await().atMost(PATIENCE).until(() -> NOW.equals(scavenger.progress().lastFinishedAt()));
    assertThat(steps).hasValue(3);
  }

  @Test
  void passes_begin_by_themselves_again_and_again() {
    AtomicInteger steps = new AtomicInteger();
    Scavenger scavenger =
        scavenger(
            () -> {
              if (steps.incrementAndGet() == 2) {
                throw new IllegalStateException("the disk is full");
              }
              return new Scavenge.Step(1, 1, true);
            },
            ScavengeSettings.every(Duration.ofMillis(1)));

    scavenger.schedule();

    await().atMost(PATIENCE).until(() -> scavenger.progress().events() >= 3);
  }

  @Test
  void a_pass_pauses_for_as_long_as_its_bytes_are_worth() {
    AtomicInteger steps = new AtomicInteger();
    Scavenger scavenger =
        scavenger(
            () -> new Scavenge.Step(1, 5, steps.incrementAndGet() == 3),
            new ScavengeSettings(Duration.ZERO, 100));
    long begun = System.nanoTime();

    scavenger.start();

    await().atMost(PATIENCE).until(() -> !scavenger.progress().running());
    assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(Duration.ofMillis(100).toNanos());
  }

  @Test
  void once_the_executor_is_shut_down_nothing_is_under_way() {
    Scavenger scavenger = scavenger(() -> new Scavenge.Step(0, 0, true), WHEN_ASKED);
    executor.shutdownNow();

    scavenger.start();

    assertThat(scavenger.progress().running()).isFalse();
  }
}
