package io.varve.client.streams;

import org.jspecify.annotations.Nullable;

/**
 * What was asked for lies before what is still kept: retention, truncation or a deletion has hidden
 * it. Go on from {@link #first}.
 */
public final class EventsNotKeptException extends VarveException {

  private static final long serialVersionUID = 1;

  private final String stream;
  private final long first;

  /** Made by stores, and by tests of code that handles it. */
  public EventsNotKeptException(
      String message, String stream, long first, @Nullable Throwable cause) {
    super(message, cause);
    this.stream = stream;
    this.first = first;
  }

  /** The stream; empty: it is about the log. */
  public String stream() {
    return stream;
  }

  /**
   * The first version of the stream, or position of the log, that is kept. Higher than the newest:
   * nothing is kept.
   */
  public long first() {
    return first;
  }

  /** Always false: the events do not come back. */
  @Override
  public boolean retryable() {
    return false;
  }
}
