package io.varve.client.eventsourcing.projection;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;

/** How many things happened a second, over the last ten. Any thread may call it. */
final class RateMeter {

  private static final Duration WINDOW = Duration.ofSeconds(10);

  private record Second(Instant start, long count) {}

  private final InstantSource clock;
  private final Deque<Second> seconds = new ArrayDeque<>();

  RateMeter(InstantSource clock) {
    this.clock = clock;
  }

  synchronized void add(long count) {
    Instant now = clock.instant();
    Second last = seconds.peekLast();
    if (last != null && now.isBefore(last.start().plusSeconds(1))) {
      seconds.removeLast();
      seconds.addLast(new Second(last.start(), last.count() + count));
    } else {
      forgetBefore(now.minus(WINDOW));
      seconds.addLast(new Second(now, count));
    }
  }

  synchronized double perSecond() {
    forgetBefore(clock.instant().minus(WINDOW));
    return (double) seconds.stream().mapToLong(Second::count).sum() / WINDOW.toSeconds();
  }

  private void forgetBefore(Instant time) {
    while (!seconds.isEmpty() && seconds.getFirst().start().isBefore(time)) {
      seconds.removeFirst();
    }
  }
}
