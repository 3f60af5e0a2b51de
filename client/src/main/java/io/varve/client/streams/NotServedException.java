package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** The server does not serve this call, or a part of it, in its release. */
public final class NotServedException extends VarveException {

  private static final long serialVersionUID = 1;

  /** Made by stores, and by tests of code that handles it. */
  public NotServedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Always false: it takes another server. */
  @Override
  public boolean retryable() {
    return false;
  }
}
