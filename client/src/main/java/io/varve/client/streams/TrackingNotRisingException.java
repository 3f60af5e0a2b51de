package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * The position to be stored for a source is not higher than the one that is stored, and nothing was
 * written: somebody has done this piece of work already.
 */
public final class TrackingNotRisingException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String source;
  private final long storedPosition;

  /** Made by stores, and by tests of code that handles it. */
  public TrackingNotRisingException(
      String message, String source, long storedPosition, @Nullable Throwable cause) {
    super(message, cause);
    this.source = source;
    this.storedPosition = storedPosition;
  }

  /** The consumer's name for the source. */
  public String source() {
    return source;
  }

  /** The position that is stored for it. */
  public long storedPosition() {
    return storedPosition;
  }

  /** Always false: the consumer must go on from what is stored. */
  @Override
  public boolean retryable() {
    return false;
  }
}
