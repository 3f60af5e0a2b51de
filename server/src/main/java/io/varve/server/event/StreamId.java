package io.varve.server.event;

/**
 * The name of a stream, such as {@code account-42}.
 *
 * <p>Never empty. How long it may be and which characters it may hold is decided at the door, where
 * the configured limits are known; a name that is in the log is valid whatever today's limits are.
 */
public record StreamId(String value) {
  public StreamId {
    if (value.isEmpty()) {
      throw new IllegalArgumentException("a stream's name must not be empty");
    }
  }

  /** The name up to the first {@code -}, or the whole name if it has none. */
  public String category() {
    int dash = value.indexOf('-');
    return dash < 0 ? value : value.substring(0, dash);
  }

  /** Whether only the server itself may write to this stream. */
  public boolean isSystem() {
    return value.charAt(0) == '$';
  }

  @Override
  public String toString() {
    return value;
  }
}
