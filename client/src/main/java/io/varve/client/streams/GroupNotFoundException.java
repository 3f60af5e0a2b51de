package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** There is no consumer group of that name. */
public final class GroupNotFoundException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String group;

  /** Made by stores, and by tests of code that handles it. */
  public GroupNotFoundException(String message, String group, @Nullable Throwable cause) {
    super(message, cause);
    this.group = group;
  }

  /** The group's name. */
  public String group() {
    return group;
  }

  /** Always false: somebody must create or delete it first. */
  @Override
  public boolean retryable() {
    return false;
  }
}
