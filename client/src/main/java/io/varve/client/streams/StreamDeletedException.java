package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The stream is deleted, which what was asked for does not allow. An append that expects nothing,
 * no stream, or the last version reopens it.
 */
public final class StreamDeletedException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String stream;

  /** Made by stores, and by tests of code that handles it. */
  public StreamDeletedException(String message, String stream, @Nullable Throwable cause) {
    super(message, cause);
    this.stream = stream;
  }

  /** The stream. */
  public String stream() {
    return stream;
  }

  /** Always false: somebody must reopen the stream first. */
  @Override
  public boolean retryable() {
    return false;
  }
}
