package io.varve.client.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/** How many things happened a second, over the last minute. Any thread may call it. */
final class RateMeter {

  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** What happened within one second. */
  private record Second(Instant start, long count) {}

  private final Clock clock;
  private final Deque<Second> seconds = new ArrayDeque<>();

  RateMeter(Clock clock) {
    this.clock = clock;
  }

  synchronized void add(long count) {
    Instant now = clock.instant();
    Second last = seconds.peekLast();
    if (last != null && now.isBefore(last.start().plusSeconds(1))) {
      seconds.removeLast();
      seconds.addLast(new Second(last.start(), last.count() + count));
    } else {
      forgetBefore(now.minus(MINUTE));
      seconds.addLast(new Second(now, count));
    }
  }

  synchronized double perSecond() {
    forgetBefore(clock.instant().minus(MINUTE));
    return (double) seconds.stream().mapToLong(Second::count).sum() / MINUTE.toSeconds();
  }

  private void forgetBefore(Instant time) {
    while (!seconds.isEmpty() && seconds.getFirst().start().isBefore(time)) {
      seconds.removeFirst();
    }
  }
}
