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
 * @param firstRead the first version that the read returns: the first kept, or the first of those
 *     that is not in the archive if the others are to be left out
 */
public record StreamView(
    long headPosition, StreamHead head, long firstKept, long last, long firstRead) {

  StreamView(long headPosition, StreamHead head, long firstKept, long last) {
    this(headPosition, head, firstKept, last, firstKept);
  }

  /** The same for a read that leaves out versions before one. */
  StreamView from(long version) {
    return new StreamView(headPosition, head, firstKept, last, Math.max(firstKept, version));
  }

  /** The version that the stream had when it was last deleted; 0 when it never was. */
  public long deletedThrough() {
    return head.state().deletedThrough();
  }
}
