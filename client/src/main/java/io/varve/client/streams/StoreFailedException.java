package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The store failed in a way that it should not: a fault of the server's own, damaged data, or an
 * answer that makes no sense. The server's log has the rest.
 */
public final class StoreFailedException extends VarveException {

  private static final long serialVersionUID = 1;

  /** Made by stores, and by tests of code that handles it. */
  public StoreFailedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Always false: somebody should look first. */
  @Override
  public boolean retryable() {
    return false;
  }
}
