package io.varve.server.api.kurrent;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The calls of consumers that are open. Thread-safe. */
final class GroupCalls {
  private final Set<GroupCall> open = new HashSet<>(); // guarded by this

  /**
   * Adds a call; false if its group has as many as it may have.
   *
   * @param most how many calls a group may have; 0 for no bound
   */
  synchronized boolean add(GroupName group, GroupCall call, int most) {
    if (most > 0) {
      long count = open.stream().filter(other -> group.equals(other.name())).count();
      if (count >= most) {
        return false;
      }
    }
    return open.add(call);
  }

  synchronized void remove(GroupCall call) {
    open.remove(call);
  }

  /** The calls of a group. */
  synchronized List<GroupCall> of(GroupName group) {
    return open.stream().filter(call -> group.equals(call.name())).toList();
  }

  synchronized List<GroupCall> all() {
    return List.copyOf(open);
  }
}
