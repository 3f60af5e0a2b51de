package io.varve.server.history;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether a history is linearizable by trying every order, as one does who has no better
 * idea (Wing and Gong, <i>Testing and verifying concurrent objects</i>, 1993). For a few operations
 * only.
 */
final class SearchOfAllOrders {
  private final List<LoggedEvent> log;

  private SearchOfAllOrders(List<LoggedEvent> log) {
    this.log = log;
  }

  /**
   * Whether there is an order.
   *
   * @param empty the store before the first operation
   * @param log what it holds in the end
   */
  static boolean findsOne(PlainStore empty, List<Operation> operations, List<LoggedEvent> log) {
    return new SearchOfAllOrders(log).from(empty, operations);
  }

  private boolean from(PlainStore state, List<Operation> left) {
    if (left.stream().allMatch(Operation::isUnknown) && state.log().equals(log)) {
      return true;
    }
    for (Operation next : left) {
      boolean mayBeNext =
          left.stream().allMatch(other -> other.answered() >= next.invoked() || other.isUnknown());
      if (!mayBeNext) {
        continue;
      }
      PlainStore after = new PlainStore(state);
      Answer answer = after.apply(next.call());
      if (next.isUnknown() || answer.equals(next.answer())) {
        List<Operation> rest = new ArrayList<>(left);
        rest.remove(next);
        // Whoever had to be before it, and is not, never takes effect.
        rest.removeIf(other -> other.answered() < next.invoked());
        if (from(after, rest)) {
          return true;
        }
      }
    }
    return false;
  }
}
