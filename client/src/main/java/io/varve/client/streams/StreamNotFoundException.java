package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** The stream has no event, or is deleted. */
public final class StreamNotFoundException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String stream;

  /** Made by stores, and by tests of code that handles it. */
  public StreamNotFoundException(String message, String stream, @Nullable Throwable cause) {
    super(message, cause);
    this.stream = stream;
  }

  /** The stream. */
  public String stream() {
    return stream;
  }

  /** Always false: somebody must append to the stream first. */
  @Override
  public boolean retryable() {
    return false;
  }
}
