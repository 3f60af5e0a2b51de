package io.varve.server.snapshot;

import io.varve.server.event.StreamId;

/**
 * A cached fold of a stream up to a version.
 *
 * @param stream the stream
 * @param summary up to which version, and what describes the state
 * @param data the state; not copied, and not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Snapshot(StreamId stream, SnapshotSummary summary, byte[] data) {

  /** The version up to which events are folded in. */
  public long version() {
    return summary.version();
  }
}
