package io.varve.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HeadTest {
  private final Head head = new Head(5);
  private final List<String> reached = new ArrayList<>();

  @Test
  void a_position_that_is_there_is_not_waited_for() {
    head.whenReached(5, () -> reached.add("five"));

    assertThat(reached).containsExactly("five");
  }

  @Test
  void actions_run_once_when_the_head_reaches_or_passes_their_position() {
    head.whenReached(9, () -> reached.add("nine"));
    head.whenReached(7, () -> reached.add("seven"));
    head.whenReached(20, () -> reached.add("twenty"));

    head.advance(6);
    assertThat(reached).isEmpty();
    head.advance(10);
    assertThat(reached).containsExactly("seven", "nine");
    head.advance(11);
    head.advance(20);
    assertThat(reached).containsExactly("seven", "nine", "twenty");
  }

  @Test
  void a_request_taken_back_is_forgotten_and_taking_back_late_does_nothing() {
    Runnable takeBack = head.whenReached(7, () -> reached.add("seven"));
    Runnable late = head.whenReached(6, () -> reached.add("six"));
    takeBack.run();

    head.advance(10);
    late.run();

    assertThat(reached).containsExactly("six");
  }

  @Test
  void the_head_never_falls() {
    assertThatThrownBy(() -> head.advance(4)).isInstanceOf(IllegalArgumentException.class);
    assertThat(head.position()).isEqualTo(5);
  }

  @Test
  void an_action_that_fails_stops_neither_the_head_nor_the_others() {
    head.whenReached(
        6,
        () -> {
          throw new IllegalStateException("broken");
        });
    head.whenReached(6, () -> reached.add("six"));

    head.advance(6);

    assertThat(head.position()).isEqualTo(6);
    assertThat(reached).containsExactly("six");
  }

  @Test
  void nobody_is_forgotten_while_the_head_moves() throws InterruptedException {
    Head moving = new Head(0);
    int waiters = 20_000;
    AtomicInteger ran = new AtomicInteger();
    CountDownLatch all = new CountDownLatch(waiters);
    Thread mover =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (long position = 1; all.getCount() > 0 && !Thread.interrupted(); position++) {
                    moving.advance(position);
                  }
                });
    Random random = new Random(1);
    for (int i = 0; i < waiters; i++) {
      moving.whenReached(
          moving.position() + random.nextInt(3),
          () -> {
            ran.incrementAndGet();
            all.countDown();
          });
    }

    assertThat(all.await(30, TimeUnit.SECONDS)).isTrue();
    mover.interrupt();
    mover.join();
    assertThat(ran).hasValue(waiters);
  }
}
