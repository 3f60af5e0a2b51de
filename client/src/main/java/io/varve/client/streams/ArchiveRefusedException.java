package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The archive cannot be run now: the store has no place to move events to, or a run is under way.
 * Nothing was changed.
 */
public final class ArchiveRefusedException extends VarveException {
  private static final long serialVersionUID = 1;

  /** Made by stores, and by tests of code that handles it. */
  public ArchiveRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Always false: a run may take hours, and a place is set by whoever runs the server. */
  @Override
  public boolean retryable() {
    return false;
  }
}
