package io.varve.client.eventsourcing.projection;

import static io.varve.client.eventsourcing.projection.AccountEvent.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.eventsourcing.projection.AccountEvent.Closed;
import io.varve.client.eventsourcing.projection.AccountEvent.Deposited;
import io.varve.client.eventsourcing.projection.AccountEvent.Opened;
import io.varve.client.eventsourcing.projection.ProjectionStatus.State;
import io.varve.client.eventsourcing.projection.Tenure.Step;
import io.varve.client.streams.AppendResult;
import io.varve.client.streams.Query;
import io.varve.client.testkit.InMemoryEventStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Targets whose checkpoint is kept apart from what handlers write. */
class TargetsTest {

  /** What an application might write to. */
  static final class Notes {
    private final List<Long> cents = new CopyOnWriteArrayList<>();
  }

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;

  private final InMemoryEventStore store = new InMemoryEventStore();
  private final Notes notes = new Notes();
  private final Projection<Notes> deposits =
      Projection.named("deposits", AccountEvent.TYPES, Notes.class)
          .on(Deposited.class, (into, event) -> into.cents.add(event.event().cents()))
          .build();

  @AfterEach
  void close() {
    store.close();
  }

  private void awaited(ProjectionTarget<Notes> target, long position) throws InterruptedException {
    try (ProjectionRunner runner = ProjectionRunner.builder(store).add(deposits, target).start()) {
      assertThat(runner.awaitPosition(position, PATIENCE)).isTrue();
    }
  }

  @Test
  void a_checkpoint_in_a_file_survives_a_clean_end() throws Exception {
    Path file = folder.resolve("deposits.checkpoint");
    AppendResult first = append(store, "1", new Opened("Ada"), new Deposited(1));
    awaited(ProjectionTarget.file(notes, file, SavePolicy.DEFAULT), first.position());
    assertThat(file).hasContent("deposits version 1 position 2");

    AppendResult second = append(store, "1", new Deposited(2));
    awaited(ProjectionTarget.file(notes, file, SavePolicy.DEFAULT), second.position());
    assertThat(notes.cents).containsExactly(1L, 2L);
  }

  @Test
  void a_checkpoint_in_the_store_survives_a_clean_end() throws Exception {
    AppendResult first = append(store, "1", new Opened("Ada"), new Deposited(1));
    awaited(ProjectionTarget.inStore(notes, store, SavePolicy.DEFAULT), first.position());
    assertThat(store.tracking("projection-deposits-v1")).hasValue(first.position());

    AppendResult second = append(store, "1", new Deposited(2));
    awaited(ProjectionTarget.inStore(notes, store, SavePolicy.DEFAULT), second.position());
    assertThat(notes.cents).containsExactly(1L, 2L);
  }

  @Test
  void after_a_crash_what_came_after_the_last_save_comes_again() throws Exception {
    ProjectionTarget<Notes> target = ProjectionTarget.inStore(notes, store, SavePolicy.every(2));
    Tenure<Notes> crashing = target.claim(deposits, 1, "this").orElseThrow();
    for (long position = 1; position <= 3; position++) {
      long at = position;
      assertThat(crashing.commit(into -> new Step(at, 1)).position()).isEqualTo(at);
    }
    // It ends here, without being closed.
    assertThat(
            ProjectionTarget.inStore(notes, store, SavePolicy.every(2))
                .claim(deposits, 1, "again")
                .orElseThrow()
                .position())
        .isEqualTo(2);
  }

  @Test
  void a_file_is_for_one_at_a_time() throws Exception {
    Path file = folder.resolve("deposits.checkpoint");
    ProjectionTarget<Notes> one = ProjectionTarget.file(notes, file, SavePolicy.every(1));
    ProjectionTarget<Notes> other = ProjectionTarget.file(notes, file, SavePolicy.every(1));
    Tenure<Notes> first = one.claim(deposits, 1, "one").orElseThrow();
    assertThat(other.claim(deposits, 1, "other")).isEmpty();
    first.close();
    assertThat(other.claim(deposits, 1, "other")).isPresent();
  }

  @Test
  void a_checkpoint_that_somebody_else_has_moved_is_left_to_them() throws Exception {
    ProjectionTarget<Notes> one = ProjectionTarget.inStore(notes, store, SavePolicy.every(1));
    ProjectionTarget<Notes> other = ProjectionTarget.inStore(notes, store, SavePolicy.every(1));
    Tenure<Notes> first = one.claim(deposits, 1, "one").orElseThrow();
    Tenure<Notes> second = other.claim(deposits, 1, "other").orElseThrow();
    assertThat(second.commit(into -> new Step(5, 1)).position()).isEqualTo(5);
    assertThatThrownBy(() -> first.commit(into -> new Step(7, 1)))
        .isInstanceOf(TenureLostException.class);
    assertThat(one.claim(deposits, 1, "one")).as("it has just been moved").isEmpty();
    assertThat(one.claim(deposits, 1, "one")).as("it stands still").isPresent();
  }

  @Test
  void a_file_of_another_projection_is_refused() throws Exception {
    Path file = folder.resolve("x");
    Files.writeString(file, "others version 1 position 2\n");
    ProjectionTarget<Notes> target = ProjectionTarget.file(notes, file, SavePolicy.DEFAULT);
    assertThatThrownBy(() -> target.claim(deposits, 1, "one"))
        .hasMessageContaining("not the checkpoint of the projection deposits");
  }

  @Test
  void a_live_view_holds_the_fold_of_all_events() throws Exception {
    LiveView<Integer> open =
        LiveView.named("open", AccountEvent.TYPES, 0)
            .on(Opened.class, (count, opened) -> count + 1)
            .on(Closed.class, (count, closed) -> count - 1)
            .within(Query.categories("account"))
            .build();
    append(store, "1", new Opened("Ada"));
    append(store, "2", new Opened("Ben"), new Deposited(1));
    try (ProjectionRunner runner = ProjectionRunner.builder(store).add(open).start()) {
      AppendResult closed = append(store, "1", new Closed());
      assertThat(runner.awaitPosition("open", closed.position(), PATIENCE)).isTrue();
      assertThat(open.current()).isEqualTo(1);
      assertThatThrownBy(() -> runner.rebuild("open"))
          .isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> runner.status("closed"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("open");
    }
  }

  @Test
  void an_event_that_one_of_its_folds_cannot_take_at_first_is_folded_once() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    LiveView<Integer> deposited =
        LiveView.named("deposited", AccountEvent.TYPES, 0)
            .on(Deposited.class, (count, event) -> count + 1)
            .on(
                Deposited.class,
                (count, event) -> {
                  if (calls.incrementAndGet() == 3) {
                    throw new IllegalStateException("not now");
                  }
                  return count;
                })
            .build();
    AccountEvent[] events = new AccountEvent[20];
    Arrays.fill(events, new Deposited(1));
    AppendResult last = append(store, "1", events);
    try (ProjectionRunner runner = ProjectionRunner.builder(store).add(deposited).start()) {
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> runner.position("deposited") == last.position());
      assertThat(deposited.current()).isEqualTo(20);
    }
  }

  /** Takes all deposits but those of 2, until somebody mends it. */
  private Projection<Notes> picky(AtomicBoolean mended) {
    return Projection.named("picky", AccountEvent.TYPES, Notes.class)
        .on(
            Deposited.class,
            (into, event) -> {
              if (event.event().cents() == 2 && !mended.get()) {
                throw new IllegalStateException("no twos");
              }
              into.cents.add(event.event().cents());
            })
        .build();
  }

  private ProjectionRunner running(Projection<Notes> projection, ErrorPolicy policy) {
    return ProjectionRunner.builder(store)
        .add(projection, ProjectionTarget.inMemory(notes), policy)
        .start();
  }

  @Test
  void whoever_waits_for_a_projection_that_goes_on_by_itself_is_not_sent_away() throws Exception {
    AppendResult last = append(store, "1", new Deposited(1), new Deposited(2), new Deposited(3));
    Duration pause = Duration.ofMillis(200);
    for (ErrorPolicy policy : List.of(ErrorPolicy.skip(), ErrorPolicy.park(3))) {
      notes.cents.clear();
      try (ProjectionRunner runner =
          running(picky(new AtomicBoolean()), policy.pausing(pause, pause))) {
        assertThat(runner.awaitPosition(last.position(), PATIENCE)).isTrue();
        assertThat(notes.cents).containsExactly(1L, 3L);
      }
    }
  }

  @Test
  void whoever_waits_right_after_it_was_resumed_is_not_sent_away() throws Exception {
    AppendResult last = append(store, "1", new Deposited(1), new Deposited(2), new Deposited(3));
    AtomicBoolean mended = new AtomicBoolean();
    Duration day = Duration.ofDays(1);
    for (ErrorPolicy policy : List.of(ErrorPolicy.stop(), ErrorPolicy.park(2).pausing(day, day))) {
      mended.set(false);
      State stands = policy.action() == ErrorPolicy.Action.STOP ? State.STOPPED : State.FAILING;
      try (ProjectionRunner runner = running(picky(mended), policy)) {
        Awaitility.await().atMost(PATIENCE).until(() -> runner.status("picky").state() == stands);
        assertThat(runner.awaitPosition(last.position(), Duration.ofMillis(40))).isFalse();
        mended.set(true);
        runner.resume("picky");
        assertThat(runner.awaitPosition(last.position(), PATIENCE)).isTrue();
        runner.pause("picky");
        Awaitility.await()
            .atMost(PATIENCE)
            .until(() -> runner.status("picky").state() == State.PAUSED);
        AppendResult later = append(store, "1", new Deposited(4));
        runner.resume("picky");
        assertThat(runner.awaitPosition(later.position(), PATIENCE)).isTrue();
        last = later;
      }
    }
  }

  @Test
  void waiting_ends_early_for_an_event_that_is_tried_again_for_ever() throws Exception {
    AppendResult last = append(store, "1", new Deposited(2));
    Duration day = Duration.ofDays(1);
    try (ProjectionRunner runner =
        running(
            picky(new AtomicBoolean()), ErrorPolicy.retry().pausing(Duration.ofMillis(1), day))) {
      assertThat(runner.awaitPosition(last.position(), ChronoUnit.FOREVER.getDuration())).isFalse();
      assertThat(runner.status("picky").state()).isEqualTo(State.FAILING);
    }
  }

  @Test
  void a_failure_of_the_target_is_waited_over() throws Exception {
    AppendResult last = append(store, "1", new Deposited(1));
    Path away = folder.resolve("away");
    Duration pause = Duration.ofMillis(5);
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store)
            .add(
                deposits,
                ProjectionTarget.file(notes, away.resolve("x"), SavePolicy.every(1)),
                ErrorPolicy.retry().pausing(pause, pause))
            .start()) {
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> runner.status("deposits").state() == State.FAILING);
      assertThat(runner.awaitPosition(last.position(), Duration.ofMillis(40))).isFalse();
      CompletableFuture<Boolean> awaited =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return runner.awaitPosition(last.position(), PATIENCE);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      assertThat(awaited).isNotCompleted();
      var _ = Files.createDirectory(away);
      assertThat(awaited.get(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void an_event_that_cannot_be_taken_is_passed_over_if_the_policy_says_so() throws Exception {
    Projection<Notes> picky =
        Projection.named("picky", AccountEvent.TYPES, Notes.class)
            .on(
                Deposited.class,
                (into, event) -> {
                  if (event.event().cents() == 2) {
                    throw new IllegalStateException("no twos");
                  }
                  into.cents.add(event.event().cents());
                })
            .build();
    AppendResult last = append(store, "1", new Deposited(1), new Deposited(2), new Deposited(3));
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store)
            .add(picky, ProjectionTarget.inMemory(notes), ErrorPolicy.skip())
            .start()) {
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> runner.status("picky").position() == last.position());
      assertThat(notes.cents).containsExactly(1L, 3L);
      assertThat(runner.status("picky").failure()).isNull();
    }
    try (ProjectionRunner runner =
        ProjectionRunner.builder(store)
            .add(picky, ProjectionTarget.inMemory(notes), ErrorPolicy.stop())
            .start()) {
      Awaitility.await()
          .atMost(PATIENCE)
          .until(() -> runner.status("picky").state() == State.STOPPED);
      assertThat(runner.status("picky").position()).isEqualTo(1);
    }
  }
}
