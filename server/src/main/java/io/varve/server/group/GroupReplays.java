package io.varve.server.group;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A group's parked events, as far as somebody asks for them: delivers them again, and forgets them.
 * Used by the group's turn alone.
 */
final class GroupReplays {
  /** Parked events looked at in one step. */
  private static final int PAGE = 256;

  private static final long NOWHERE = Long.MAX_VALUE;

  private final GroupStore store;
  private final GroupSaves saves;
  private final long number;

  /** After which position parked events that are to be delivered again are looked for. */
  private long from;

  /**
   * @param some whether some are to be delivered again from the start
   */
  GroupReplays(GroupStore store, GroupSaves saves, long number, boolean some) {
    this.store = store;
    this.saves = saves;
    this.number = number;
    this.from = some ? 0 : NOWHERE;
  }

  /** Begins anew with what is stored. */
  void reset() {
    from = 0;
  }

  // ---- delivering again

  /**
   * Asks for parked events; how many were not asked for before.
   *
   * @param positions which; empty for all
   */
  long ask(GroupState state, List<Long> positions) {
    long asked = 0;
    long lowest = NOWHERE;
    if (positions.isEmpty()) {
      asked = state.replayAll();
      lowest = 1;
    }
    for (long position : positions) {
      Parked event = parkedAt(state, position);
      if (event != null && state.replay(event)) {
        asked++;
        lowest = Math.min(lowest, position);
      }
    }
    if (lowest != NOWHERE) {
      lookOnceSaved(lowest - 1);
    }
    return asked;
  }

  /** Looks after a position once what was asked for is in the store, where it is looked for. */
  private void lookOnceSaved(long after) {
    saves.whenSaved(
        failure -> {
          if (failure == null) {
            from = Math.min(from, after);
          } else {
            lookOnceSaved(after); // it is tried again
          }
        });
  }

  /** Whether there may be events to {@link #load}. */
  boolean isLooking() {
    return from != NOWHERE;
  }

  /** Takes in some of what was asked for. */
  void load(GroupState state) {
    if (state.replaysToLoad() <= 0) {
      from = NOWHERE;
      return;
    }
    int limit = Math.min(PAGE, state.room());
    List<Parked> page = store.parkedAfter(number, from, limit);
    for (Parked stored : page) {
      ParkedChanges changes = saves.changesWith(state, stored.position());
      Parked event = changes == null ? stored : changes.parked(stored.position());
      if (event != null && state.isReplaying(event) && !state.isLoaded(event)) {
        state.takeReplay(event, GroupReader.bucketOf(event));
      }
    }
    from = page.size() < limit ? NOWHERE : page.getLast().position();
  }

  // ---- forgetting

  /**
   * Forgets parked events; how many there were.
   *
   * @param positions which; empty for all
   */
  long discard(GroupState state, List<Long> positions) {
    if (positions.isEmpty()) {
      return state.discardAll();
    }
    long discarded = 0;
    for (long position : positions) {
      Parked event = parkedAt(state, position);
      if (event != null) {
        state.discard(event);
        discarded++;
      }
    }
    return discarded;
  }

  private @Nullable Parked parkedAt(GroupState state, long position) {
    ParkedChanges changes = saves.changesWith(state, position);
    return changes == null ? store.parked(number, position) : changes.parked(position);
  }

  // ---- listing

  /** Parked events as they are stored. */
  ConsumerGroups.ParkedPage page(long afterPosition, int limit) {
    StoredGroup stored = store.group(number);
    return new ConsumerGroups.ParkedPage(
        store.parkedAfter(number, afterPosition, limit),
        stored == null ? 0 : stored.progress().replayUpTo());
  }
}
