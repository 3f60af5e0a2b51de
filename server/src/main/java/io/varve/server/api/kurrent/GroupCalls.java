package io.varve.server.api.kurrent;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The calls of consumers that are open, and which of them belong to groups. Thread-safe. */
final class GroupCalls {
  private final Set<GroupCall> open = new HashSet<>(); // guarded by this
  private final Set<GroupCall> joined = new HashSet<>(); // guarded by this

  /** A call has been made. */
  synchronized void opened(GroupCall call) {
    open.add(call);
  }

  /** A call is over. */
  synchronized void closed(GroupCall call) {
    open.remove(call);
    joined.remove(call);
  }

  /**
   * Adds a call to its group; false if that has as many as it may have.
   *
   * @param most how many calls a group may have; 0 for no bound
   */
  synchronized boolean join(GroupName group, GroupCall call, int most) {
    if (most > 0) {
      long count = joined.stream().filter(other -> group.equals(other.name())).count();
      if (count >= most) {
        return false;
      }
    }
    return joined.add(call);
  }

  /** A call belongs to its group no more. */
  synchronized void leave(GroupCall call) {
    joined.remove(call);
  }

  /** The calls of a group. */
  synchronized List<GroupCall> of(GroupName group) {
    return joined.stream().filter(call -> group.equals(call.name())).toList();
  }

  /** All calls, those that have not named a group yet included. */
  synchronized List<GroupCall> all() {
    return List.copyOf(open);
  }
}
