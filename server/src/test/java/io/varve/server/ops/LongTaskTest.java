package io.varve.server.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LongTaskTest {
  private final List<Runnable> executor = new ArrayList<>();
  private final LongTask task = new LongTask(executor::add, () -> Instant.EPOCH);
  private final List<String> told = new ArrayList<>();

  @Test
  void whoever_is_told_of_the_end_can_begin_the_next() {
    task.start(
        run -> {
          run.done();
          return () -> told.add(task.start(_ -> () -> {}) == null ? "refused" : "begun");
        });

    executor.removeFirst().run();

    assertThat(told).containsExactly("begun");
    assertThat(executor).hasSize(1);
  }

  @Test
  void a_second_one_is_refused_while_the_first_runs() {
    task.start(
        _ -> {
          told.add(task.start(_ -> () -> {}) == null ? "refused" : "begun");
          return () -> {};
        });
    assertThat(task.start(_ -> () -> {})).isNull();

    executor.removeFirst().run();

    assertThat(told).containsExactly("refused");
    assertThat(executor).isEmpty();
    assertThat(task.start(_ -> () -> {})).isNotNull();
  }

  @Test
  void runs_are_counted_by_how_they_ended() {
    task.start(
        run -> {
          run.done();
          return () -> {};
        });
    executor.removeFirst().run();
    Objects.requireNonNull(task.start(_ -> () -> {})).cancel();
    executor.removeFirst().run();
    task.start(
        _ -> {
          throw new IllegalStateException("broken");
        });
    assertThatThrownBy(() -> executor.removeFirst().run()).hasMessage("broken");

    assertThat(task.runs()).isEqualTo(new LongTask.Runs(false, 1, 1, 1, Instant.EPOCH));
  }
}
