package io.varve.server.group;

import io.varve.server.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a group's progress stored when it is due, one change at a time. What could not be stored is
 * put back under what has happened since, and tried again. Used by the group's turn alone.
 */
final class GroupSaves {
  private static final Logger log = LoggerFactory.getLogger(GroupSaves.class);

  /** When saving has failed, it is tried again after this. */
  private static final long TRY_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long NEVER = Long.MAX_VALUE;

  private final GroupSaver saver;
  private final long number;
  private final String name;

  /** Whether the stored progress is damaged, and must stay as it is. */
  private boolean damaged;

  private final LongSupplier active;
  private final Consumer<Runnable> inTurn;

  private boolean definitionChanged;
  private @Nullable Save underWay;
  private List<Waiter> waiters = new ArrayList<>();

  /** Since when there is something to store; {@link #NEVER} for nothing. */
  private long dirtySince = NEVER;

  private String problem = "";
  private long tryAgainAt = Long.MIN_VALUE;

  /** Waits for what has been decided so far to be durable; hears null then, or why it is not. */
  interface Waiter extends Consumer<@Nullable RuntimeException> {}

  /** What is being stored, and of which state. */
  private record Save(
      GroupState state, ParkedChanges parked, boolean withDefinition, List<Waiter> waiters) {}

  /**
   * @param inTurn runs an action in a turn of the group
   */
  GroupSaves(GroupContext context, StoredGroup stored, Consumer<Runnable> inTurn) {
    this.saver = context.saver();
    this.number = stored.number();
    this.name = stored.definition().name();
    this.damaged = !stored.damage().isEmpty();
    this.active = context.active();
    this.inTurn = inTurn;
  }

  /** Whether a change is being written. */
  boolean isUnderWay() {
    return underWay != null;
  }

  /** What keeps progress from being stored; "" for nothing. */
  String problem() {
    return problem;
  }

  /** The definition is to be stored too. */
  void definitionChanged() {
    definitionChanged = true;
  }

  /** Calls a waiter once what has been decided so far is durable, or may not be. */
  void whenSaved(Waiter waiter) {
    waiters.add(waiter);
  }

  /** Completes a future once what has been decided so far is durable. */
  <T extends @Nullable Object> void whenSaved(CompletableFuture<T> future, T value) {
    whenSaved(
        failure -> {
          if (failure == null) {
            future.complete(value);
          } else {
            future.completeExceptionally(failure);
          }
        });
  }

  /** What is known of a parked event beside the store; see {@link ParkedChanges}. */
  @Nullable ParkedChanges changesWith(GroupState state, long position) {
    if (state.parkedChanges().knows(position)) {
      return state.parkedChanges();
    }
    Save save = underWay;
    return save != null && save.parked().knows(position) ? save.parked() : null;
  }

  /**
   * Has stored what is due.
   *
   * @param atOnce whether everything is
   */
  void save(GroupState state, GroupDefinition definition, long now, boolean atOnce) {
    if (state.isDirty() && dirtySince == NEVER) {
      dirtySince = now;
    }
    boolean awaited = definitionChanged || !waiters.isEmpty();
    if ((!awaited && !state.isDirty()) || underWay != null || now < tryAgainAt) {
      return;
    }
    long after = definition.settings().checkpointAfter().toNanos();
    if (awaited || atOnce || state.isUrgent() || now - dirtySince >= after) {
      begin(state, definition);
    }
  }

  private void begin(GroupState state, GroupDefinition definition) {
    GroupDefinition changed = definitionChanged ? definition : null;
    Save save = new Save(state, state.parkedChanges(), definitionChanged, waiters);
    GroupChange change = state.takeChange(number, changed);
    if (damaged) {
      change = new GroupChange(number, false, changed, null, null, List.of(), List.of());
    }
    waiters = new ArrayList<>();
    definitionChanged = false;
    dirtySince = NEVER;
    underWay = save;
    saver.save(change, failure -> inTurn.accept(() -> finish(save, failure)));
  }

  private void finish(Save save, @Nullable RuntimeException failure) {
    underWay = null;
    if (failure == null) {
      problem = "";
      tryAgainAt = Long.MIN_VALUE;
    } else {
      save.state().changeFailed(save.parked());
      definitionChanged |= save.withDefinition();
      if (problem.isEmpty()) {
        log.warn("group {} cannot store its progress: {}", name, failure.getMessage());
      }
      problem = "progress cannot be stored: " + failure.getMessage();
      tryAgainAt = active.getAsLong() + TRY_AGAIN_NANOS;
    }
    save.waiters().forEach(waiter -> waiter.accept(failure));
  }

  /** When {@link #save} has something to do though nothing happens. */
  long dueAt(GroupSettings settings) {
    if (underWay != null) {
      return NEVER;
    }
    long due = dirtySince == NEVER ? NEVER : dirtySince + settings.checkpointAfter().toNanos();
    return problem.isEmpty() ? due : tryAgainAt;
  }

  /**
   * The group goes on from what is stored, which has nothing to store: what could not be stored was
   * of the state before.
   */
  void beginAnew(StoredGroup stored) {
    damaged = !stored.damage().isEmpty();
    problem = "";
    tryAgainAt = Long.MIN_VALUE;
    definitionChanged = false;
    dirtySince = NEVER;
  }

  /** What was to be stored is not wanted any more. */
  void giveUp(String reason) {
    List<Waiter> disappointed = waiters;
    waiters = new ArrayList<>();
    definitionChanged = false;
    dirtySince = NEVER;
    RuntimeException failure = new StorageException(reason);
    disappointed.forEach(waiter -> waiter.accept(failure));
  }
}
