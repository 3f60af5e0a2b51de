package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** An append condition did not hold, and nothing was written. Read again, decide again. */
public final class ConditionFailedException extends VarveException {

  private static final long serialVersionUID = 1;

  private final int conditionIndex;
  private final long position;

  /** Made by stores, and by tests of code that handles it. */
  public ConditionFailedException(
      String message, int conditionIndex, long position, @Nullable Throwable cause) {
    super(message, cause);
    this.conditionIndex = conditionIndex;
    this.position = position;
  }

  /** Which of the request's conditions, counted from 0. */
  public int conditionIndex() {
    return conditionIndex;
  }

  /** The position of the first event that matched it. */
  public long position() {
    return position;
  }

  /** Always false: the caller must read and decide again. */
  @Override
  public boolean retryable() {
    return false;
  }
}
