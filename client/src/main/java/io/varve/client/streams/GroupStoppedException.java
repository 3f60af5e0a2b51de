package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * A consumer has stopped the group with {@link NackAction#STOP}. It goes on when somebody joins
 * anew; find out why it was stopped before.
 */
public final class GroupStoppedException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String group;
  private final String consumer;
  private final long position;

  /** Made by stores, and by tests of code that handles it. */
  public GroupStoppedException(
      String message, String group, String consumer, long position, @Nullable Throwable cause) {
    super(message, cause);
    this.group = group;
    this.consumer = consumer;
    this.position = position;
  }

  /** The group's name. */
  public String group() {
    return group;
  }

  /** The name of the consumer that stopped it; empty: it has none. */
  public String consumer() {
    return consumer;
  }

  /** The position of the event that it could not go on with. */
  public long position() {
    return position;
  }

  /** Always false: the reason for the stop comes first. */
  @Override
  public boolean retryable() {
    return false;
  }
}
