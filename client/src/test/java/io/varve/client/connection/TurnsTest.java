package io.varve.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tasks one after the other on the threads that bring them. */
class TurnsTest {

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Throwable> failures = new ArrayList<>(); // of whoever has the turn
  private final Turns turns = new Turns(threads, failures::add);

  @AfterEach
  void stop() throws InterruptedException {
    threads.shutdown();
    assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  /** Runs an action on so many threads at once, and waits for what they have brought. */
  private void onThreads(int count, java.util.function.IntConsumer action)
      throws InterruptedException {
    CountDownLatch begin = new CountDownLatch(1);
    CountDownLatch brought = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      int number = i;
      threads.execute(
          () -> {
            try {
              begin.await();
              action.accept(number);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            } finally {
              brought.countDown();
            }
          });
    }
    begin.countDown();
    brought.await();
    CountDownLatch ran = new CountDownLatch(1);
    turns.execute(ran::countDown);
    ran.await();
  }

  @Test
  void a_task_runs_at_once_on_the_thread_that_brings_it() {
    List<Thread> ran = new ArrayList<>();

    turns.execute(() -> ran.add(Thread.currentThread()));

    assertThat(ran).containsExactly(Thread.currentThread());
  }

  @Test
  void tasks_of_many_threads_run_one_at_a_time_and_those_of_each_in_their_order()
      throws InterruptedException {
    int each = 20_000;
    List<Integer> seen = new ArrayList<>(); // no lock: the turns are one
    int[] last = {-1, -1, -1, -1};

    onThreads(
        4,
        number -> {
          for (int i = 0; i < each; i++) {
            int place = i;
            turns.execute(
                () -> {
                  seen.add(number);
                  if (last[number] != place - 1) {
                    throw new IllegalStateException(place + " came after " + last[number]);
                  }
                  last[number] = place;
                });
          }
        });

    assertThat(failures).isEmpty();
    assertThat(seen).hasSize(4 * each);
  }

  @Test
  void a_task_that_a_task_brings_runs_after_it() {
    List<String> ran = new ArrayList<>();

    turns.execute(
        () -> {
          turns.execute(() -> ran.add("brought"));
          ran.add("bringing");
        });

    assertThat(ran).containsExactly("bringing", "brought");
  }

  @Test
  void whoever_has_had_the_turn_for_long_is_relieved() throws InterruptedException {
    int count = 2 * Turns.MAX_TASKS;
    List<Thread> ran = new ArrayList<>();
    CountDownLatch all = new CountDownLatch(count);

    turns.execute(
        () ->
            IntStream.range(0, count)
                .forEach(
                    i ->
                        turns.execute(
                            () -> {
                              ran.add(Thread.currentThread());
                              all.countDown();
                            })));

    assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(ran.subList(0, Turns.MAX_TASKS - 1)).containsOnly(Thread.currentThread());
    assertThat(ran.subList(Turns.MAX_TASKS, count)).doesNotContain(Thread.currentThread());
  }

  @Test
  void without_relief_everything_is_done_all_the_same() {
    Turns alone =
        new Turns(
            task -> {
              throw new RejectedExecutionException("shut down");
            },
            failures::add);
    int count = 3 * Turns.MAX_TASKS;
    List<Thread> ran = new ArrayList<>();

    alone.execute(
        () ->
            IntStream.range(0, count)
                .forEach(i -> alone.execute(() -> ran.add(Thread.currentThread()))));

    assertThat(ran).hasSize(count).containsOnly(Thread.currentThread());
  }

  @Test
  void a_task_that_fails_is_told_of_and_the_next_one_runs() {
    List<String> ran = new ArrayList<>();
    IllegalStateException failure = new IllegalStateException("broken");

    turns.execute(
        () -> {
          turns.execute(() -> ran.add("next"));
          throw failure;
        });

    assertThat(failures).containsExactly(failure);
    assertThat(ran).containsExactly("next");
  }

  @Test
  void a_failure_of_any_kind_leaves_the_turn_to_others() {
    IOException undeclared = new IOException("from a supplier that declares nothing");
    List<String> ran = new ArrayList<>();

    turns.execute(() -> TurnsTest.<RuntimeException>throwAsIfUnchecked(undeclared));
    turns.execute(() -> ran.add("next"));

    assertThat(failures).containsExactly(undeclared);
    assertThat(ran).containsExactly("next");
  }

  @SuppressWarnings("unchecked") // which is the trick
  private static <E extends Throwable> void throwAsIfUnchecked(Throwable failure) throws E {
    throw (E) failure;
  }

  @Test
  void a_failure_that_cannot_be_told_of_does_not_end_the_turns() {
    Turns deaf =
        new Turns(
            threads,
            failure -> {
              throw new IllegalStateException("deaf", failure);
            });
    List<String> ran = new ArrayList<>();

    deaf.execute(
        () -> {
          throw new IllegalStateException("broken");
        });
    deaf.execute(() -> ran.add("next"));

    assertThat(ran).containsExactly("next");
  }
}
