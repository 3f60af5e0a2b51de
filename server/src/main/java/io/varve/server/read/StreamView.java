package io.varve.server.read;

import io.varve.server.storage.StreamHead;

/**
 * What a read sees of a stream, fixed when it begins.
 *
 * @param headPosition the log's head at that moment
 * @param head where the stream stood then
 * @param firstKept the first version that is not hidden; higher than the stream's version when all
 *     are
 * @param last the newest version; 0 when the stream had no event at the time that the read asks
 *     about
 */
public record StreamView(long headPosition, StreamHead head, long firstKept, long last) {

  /** The version that the stream had when it was last deleted; 0 when it never was. */
  public long deletedThrough() {
    return head.state().deletedThrough();
  }
}
