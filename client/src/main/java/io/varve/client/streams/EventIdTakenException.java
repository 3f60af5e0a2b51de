package io.varve.client.streams;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Some of an append's event ids are in the store, but not as this append: others are missing, or
 * they stand in another stream or order. Nothing was written. The ids were used twice; new events
 * need new ids.
 */
public final class EventIdTakenException extends VarveException {

  private static final long serialVersionUID = 1;

  private final UUID eventId;
  private final String stream;
  private final long position;

  /** Made by stores, and by tests of code that handles it. */
  public EventIdTakenException(
      String message, UUID eventId, String stream, long position, @Nullable Throwable cause) {
    super(message, cause);
    this.eventId = eventId;
    this.stream = stream;
    this.position = position;
  }

  /** The first of the append's ids that is in the store. */
  public UUID eventId() {
    return eventId;
  }

  /** The stream in which it is. */
  public String stream() {
    return stream;
  }

  /** Its log position. */
  public long position() {
    return position;
  }

  /** Always false: the events need other ids. */
  @Override
  public boolean retryable() {
    return false;
  }
}
