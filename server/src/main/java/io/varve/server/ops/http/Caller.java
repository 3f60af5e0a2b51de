package io.varve.server.ops.http;

import io.varve.server.event.StreamScope;
import java.util.function.BooleanSupplier;

/**
 * Who asks, and what they may see.
 *
 * @param name as it stands in the audit trail
 * @param readable streams that they may read
 * @param groups consumer groups, by name, that they may consume
 * @param administrator whether they may do everything
 * @param isStillKnown whether what they came with is still good: what goes on for long is to ask
 */
public record Caller(
    String name,
    StreamScope readable,
    StreamScope groups,
    boolean administrator,
    BooleanSupplier isStillKnown) {
  static final Caller ANYBODY =
      new Caller("anybody", StreamScope.EVERYTHING, StreamScope.EVERYTHING, true, () -> true);

  /** Refuses unless they may read every stream but the server's own. */
  public void requireToReadAll() {
    if (!readable.allButSystem()) {
      throw new BadRequest(403, "this needs the permission read on all streams");
    }
  }

  /** The same, and no stream's own list may keep them out: all are told of together. */
  public void requireToReadAllWithoutException() {
    requireToReadAll();
    if (!readable.except().isEmpty()) {
      throw new BadRequest(
          403, "this needs the permission read on all streams, and lists of some deny it");
    }
  }

  /** Refuses unless they may read a stream, whether it exists or not. */
  public void requireToRead(String stream) {
    if (!readable.contains(stream)) {
      throw new BadRequest(403, "this needs the permission read on " + stream);
    }
  }

  /** Refuses unless they may consume every group. */
  public void requireAllGroups() {
    if (!groups.allButSystem()) {
      throw new BadRequest(403, "this needs the permission consume on all groups");
    }
  }

  /** Refuses unless they may consume a group, whether it exists or not. */
  public void requireGroup(String group) {
    if (!groups.contains(group)) {
      throw new BadRequest(403, "this needs the permission consume on " + group);
    }
  }
}
