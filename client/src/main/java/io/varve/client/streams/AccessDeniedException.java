package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** The caller gave no valid credentials, or lacks a permission; the message says which. */
public final class AccessDeniedException extends VarveException {

  private static final long serialVersionUID = 1;

  /** Made by stores, and by tests of code that handles it. */
  public AccessDeniedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Always false: the permissions must change first. */
  @Override
  public boolean retryable() {
    return false;
  }
}
