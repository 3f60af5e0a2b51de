package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** The stream is deleted, or closed for ever. */
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

  /** Always false: the stream stays as it is. */
  @Override
  public boolean retryable() {
    return false;
  }
}
