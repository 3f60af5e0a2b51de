package io.varve.server.snapshot;

import java.time.Instant;

/**
 * What is known of a snapshot without its state.
 *
 * @param version the version of its stream up to which events are folded in
 * @param schemaVersion its writer's number for the shape of the state; 32 bits without a sign
 * @param contentType MIME type of the state; empty when it was not stated
 * @param savedAt when the server stored it
 */
public record SnapshotSummary(
    long version, int schemaVersion, String contentType, Instant savedAt) {
  public SnapshotSummary {
    if (version < 1) {
      throw new IllegalArgumentException("a snapshot's version must be >= 1, was " + version);
    }
  }
}
