package io.varve.server.append;

/**
 * The bounds of the commit path.
 *
 * @param maxQueued appends that may wait to be decided
 * @param maxQueuedBytes memory that appends may hold until they are answered
 * @param maxBatchEvents events in one commit; an append is never divided, so one large append may
 *     exceed it
 * @param maxBatchBytes bytes in one commit, likewise
 * @param maxCachedHeads stream heads kept in memory
 */
public record AppendSettings(
    int maxQueued,
    long maxQueuedBytes,
    int maxBatchEvents,
    long maxBatchBytes,
    int maxCachedHeads) {

  public static AppendSettings defaults() {
    return new AppendSettings(16_384, 64L * 1024 * 1024, 10_000, 8L * 1024 * 1024, 100_000);
  }
}
