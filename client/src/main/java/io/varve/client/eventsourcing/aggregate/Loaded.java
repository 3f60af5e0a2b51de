package io.varve.client.eventsourcing.aggregate;

import java.time.Duration;

/**
 * An aggregate as it was when it was read.
 *
 * @param stream its stream
 * @param state its state; the one before any event if there is none
 * @param version the version of the last event that is in the state; 0: there is no such aggregate
 *     (yet, or any more)
 * @param position the position of the newest event in the whole log when it was read: whoever has
 *     come that far has seen all that is in the state. 0: the stream does not exist
 * @param snapshotVersion the version of the snapshot that it was loaded from; 0: none
 * @param took how long loading took
 * @param <S> the state
 */
public record Loaded<S>(
    String stream, S state, long version, long position, long snapshotVersion, Duration took) {

  /** Whether there is such an aggregate. */
  public boolean exists() {
    return version > 0;
  }
}
