package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/** The stream is closed for ever: it can be neither read nor written. */
public final class StreamTombstonedException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String stream;

  /** Made by stores, and by tests of code that handles it. */
  public StreamTombstonedException(String message, String stream, @Nullable Throwable cause) {
    super(message, cause);
    this.stream = stream;
  }

  /** The stream. */
  public String stream() {
    return stream;
  }

  /** Always false: the stream stays closed. */
  @Override
  public boolean retryable() {
    return false;
  }
}
