package io.varve.client.eventsourcing;

/**
 * Turns one class of values into bytes and back: events, and the states that snapshots keep. Any
 * thread may call it, many at a time.
 *
 * @param <T> the class of the values
 */
public interface PayloadCodec<T> {

  /** Finds the codec of a class: a way of writing, such as JSON, for whatever there is to write. */
  interface Source {

    /**
     * The codec of this class.
     *
     * @throws IllegalArgumentException values of this class cannot be written in this way
     */
    <T> PayloadCodec<T> of(Class<T> type);
  }

  /** The MIME type of the bytes, such as {@code application/json}; empty: not stated. */
  String contentType();

  /**
   * The value as bytes.
   *
   * @throws RuntimeException it cannot be written; nothing has been stored
   */
  byte[] encode(T value);

  /**
   * The value that the bytes hold.
   *
   * @throws RuntimeException they hold none
   */
  T decode(byte[] data);
}
