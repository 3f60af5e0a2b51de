package io.varve.server.history;

/**
 * A call and its answer.
 *
 * @param caller who asked
 * @param invoked when, in the history's time: before the call
 * @param answered when the answer was there; of an unknown outcome the time after which it cannot
 *     take effect any more, {@link Long#MAX_VALUE} for none
 */
public record Operation(String caller, Call call, Answer answer, long invoked, long answered) {
  public Operation {
    if (answered < invoked) {
      throw new IllegalArgumentException("answered before it was asked: " + call);
    }
  }

  boolean isUnknown() {
    return answer instanceof Answer.Unknown;
  }

  @Override
  public String toString() {
    return "%s [%d, %s] %s -> %s"
        .formatted(caller, invoked, answered == Long.MAX_VALUE ? "?" : "" + answered, call, answer);
  }
}
