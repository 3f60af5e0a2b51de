package io.varve.client.eventsourcing.consumer;

import io.varve.client.streams.NackAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What is said to the group of one event.
 *
 * @param action null: it is done
 * @param reason why, for people; of what is done, nothing
 * @param toReplay whether it answers an event that had been parked
 */
record Answer(@Nullable NackAction action, String reason, boolean toReplay) {

  private static final int MAX_REASON_BYTES = 1_024;

  static Answer of(Outcome outcome, boolean replayed) {
    return switch (outcome) {
      case Outcome.Done done -> new Answer(null, "", replayed);
      case Outcome.Retry retry -> new Answer(NackAction.RETRY, text(retry.reason()), replayed);
      case Outcome.Park park -> new Answer(NackAction.PARK, text(park.reason()), replayed);
      case Outcome.Skip skip -> new Answer(NackAction.SKIP, text(skip.reason()), replayed);
      case Outcome.Stop stop -> new Answer(NackAction.STOP, text(stop.reason()), replayed);
    };
  }

  /** Whatever an exception says, as a reason that every store takes. */
  private static String text(String reason) {
    StringBuilder text = new StringBuilder();
    int bytes = 0;
    for (int at = 0; at < reason.length(); ) {
      int codePoint = reason.codePointAt(at);
      at += Character.charCount(codePoint);
      boolean isPlain =
          codePoint == '\n' || codePoint == '\t' || !Character.isISOControl(codePoint);
      boolean isWhole = codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE;
      String next = isWhole ? Character.toString(isPlain ? codePoint : ' ') : "?";
      bytes += next.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > MAX_REASON_BYTES) {
        return text.toString();
      }
      text.append(next);
    }
    return text.toString();
  }

  /**
   * Whether the same answer is due when the event comes once more: it was on its way when this
   * answer was given, or this answer was lost.
   *
   * @param replayedAgain whether it comes because a parked event was asked for
   */
  boolean holdsFor(boolean replayedAgain) {
    return switch (action) {
      case null -> replayedAgain == toReplay;
      case SKIP -> replayedAgain == toReplay;
      case PARK -> !replayedAgain;
      case RETRY, STOP -> false;
    };
  }
}
