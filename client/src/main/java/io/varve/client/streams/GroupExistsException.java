package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** There is a consumer group of that name already. */
public final class GroupExistsException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String group;

  /** Made by stores, and by tests of code that handles it. */
  public GroupExistsException(String message, String group, @Nullable Throwable cause) {
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
