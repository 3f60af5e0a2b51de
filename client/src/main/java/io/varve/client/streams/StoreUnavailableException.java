package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The store could not be reached, is starting or stopping, takes no more appends after a disk
 * error, or did not answer in time.
 *
 * <p>For an append that was sent the outcome is then unknown: the message says so. Repeating it
 * with the same events is safe and tells which.
 */
public final class StoreUnavailableException extends VarveException {

  private static final long serialVersionUID = 1;

  /** Made by stores, and by tests of code that handles it. */
  public StoreUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Always true. */
  @Override
  public boolean retryable() {
    return true;
  }
}
