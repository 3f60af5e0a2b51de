package io.varve.server.group;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a group has come: what is stored of it, beside its definition and its parked events.
 *
 * @param position the source has been read up to here, in the log
 * @param version and up to here in the stream; 0 in a group on the log
 * @param open the events up to there that are neither done nor parked, by rising position
 * @param parked how many events are parked
 * @param lastSequence the number of the latest parking; 0 for none
 * @param replayUpTo parked events whose number is not higher are being replayed
 * @param replaying how many they are
 * @param stop who stopped the group; null if it is not stopped
 * @param notice what has befallen the group that its operator must know; "" for nothing
 */
public record Progress(
    long position,
    long version,
    List<Open> open,
    long parked,
    long lastSequence,
    long replayUpTo,
    long replaying,
    @Nullable GroupStop stop,
    String notice) {

  public Progress {
    open = List.copyOf(open);
  }

  /**
   * An event that is neither done nor parked.
   *
   * @param position its place in the log
   * @param version its place in its stream
   * @param bucket which of the {@link PinnedSharing#BUCKETS} its stream belongs to
   * @param failures how often it has failed
   */
  public record Open(long position, long version, int bucket, int failures) {}

  /** A group that has done nothing yet. */
  public static Progress startingAfter(long position, long version) {
    return new Progress(position, version, List.of(), 0, 0, 0, 0, null, "");
  }

  /** Whether a parked event is being replayed. */
  public boolean isReplaying(Parked event) {
    return event.sequence() <= replayUpTo;
  }
}
