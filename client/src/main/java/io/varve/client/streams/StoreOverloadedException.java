package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The store, or this client's own bound on appends in flight, had no room until the retries ended.
 * Nothing was written.
 */
public final class StoreOverloadedException extends VarveException {

  private static final long serialVersionUID = 1;

  /** Made by stores, and by tests of code that handles it. */
  public StoreOverloadedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Always true: later, and more slowly. */
  @Override
  public boolean retryable() {
    return true;
  }
}
