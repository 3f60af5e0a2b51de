package io.varve.server.group;

import io.varve.server.event.Query;
import io.varve.server.event.StreamId;

/** What a group consumes. */
public sealed interface GroupSource {

  /** The events of a stream, which need not exist yet; its places are versions. */
  record OfStream(StreamId stream) implements GroupSource {}

  /** The events of the log that match; its places are positions. */
  record OfLog(Query query) implements GroupSource {}
}
