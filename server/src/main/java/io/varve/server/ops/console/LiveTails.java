package io.varve.server.ops.console;

import io.varve.server.event.Query;
import io.varve.server.ops.http.BadRequest;
import io.varve.server.ops.http.Caller;
import io.varve.server.ops.http.Json;
import io.varve.server.ops.http.Request;
import io.varve.server.ops.http.Response;
import io.varve.server.read.LogRead;
import io.varve.server.storage.Head;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Pages that follow the log. Each costs a thread that sleeps and what one message holds: it looks
 * at the newest events when there are some, at most a few times a second, and passes over what a
 * person could not read anyway. A page that does not read is waited for, and then cut off.
 */
final class LiveTails implements AutoCloseable {
  private static final int MAX_TAILS = 16;

  /** Events in one message; of more the newest are shown. */
  private static final int MAX_EVENTS = 100;

  private static final Duration PAUSE = Duration.ofMillis(250);

  /** So often a page hears something, so that either side notices when the other has gone. */
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);

  private final Turns turns;
  private final Semaphore free = new Semaphore(MAX_TAILS);
  private final CountDownLatch closed = new CountDownLatch(1);

  /** They take their turns with all that reads the store. */
  LiveTails(Turns turns) {
    this.turns = turns;
  }

  /** Follows the log from now on, or from where the page was before its connection broke. */
  Response open(ConsoleStore store, Request request) {
    Query query = LogEvents.query(request);
    Head head = store.parts().storage().head();
    long after = request.number("after", 0, Long.MAX_VALUE, head.position());
    String last = request.header("Last-Event-ID");
    long start = last != null && last.matches("\\d{1,18}") ? Long.parseLong(last) : after;
    if (free.availablePermits() == 0) {
      throw new BadRequest(503, "there are " + MAX_TAILS + " live tails already; close one");
    }
    return Response.events(
        output -> follow(store, query, request.caller(), Math.min(start, head.position()), output));
  }

  private void follow(
      ConsoleStore store, Query query, Caller caller, long start, Response.Output output)
      throws IOException, InterruptedException {
    if (!free.tryAcquire()) {
      output.write(bytes("event: busy\ndata: {}\n\n"));
      return;
    }
    try {
      Head head = store.parts().storage().head();
      long position = start;
      output.write(bytes("retry: 2000\nevent: hello\nid: " + start + "\ndata: {}\n\n"));
      while (!closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)
          && caller.isStillKnown().getAsBoolean()) {
        long now = head.position();
        if (now == position && !awaitNews(head, position + 1)) {
          output.write(bytes(": still here\n\n"));
          continue;
        }
        now = head.position();
        if (now > position && caller.isStillKnown().getAsBoolean()) {
          long to = now;
          long after = position;
          output.write(turns.patiently(() -> bytes(message(store, query, after, to))));
          position = now;
        }
      }
    } finally {
      free.release();
    }
  }

  /** Waits until the head has moved, or a sign of life is due, or all is over. */
  private boolean awaitNews(Head head, long awaited) throws InterruptedException {
    CountDownLatch moved = new CountDownLatch(1);
    Runnable takeBack = head.whenReached(awaited, moved::countDown);
    try {
      long steps = SIGN_OF_LIFE.dividedBy(PAUSE);
      for (long i = 0; i < steps && closed.getCount() > 0; i++) {
        if (moved.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
          return true;
        }
      }
      return false;
    } finally {
      takeBack.run();
    }
  }

  /** The newest events after a position up to another, oldest first. */
  private static String message(ConsoleStore store, Query query, long after, long to) {
    EventList newest =
        EventList.of(
            store.reader().readLog(new LogRead(query, to, after + 1, null, null, true, MAX_EVENTS)),
            MAX_EVENTS);
    List<ShownEvent> events = newest.events().reversed();
    String json =
        Json.write(
            writer -> {
              writer.name("head").value(to);
              writer.name("skipped").value(!newest.done() && newest.reached() > after + 1);
              writer.name("events").beginArray();
              for (ShownEvent event : events) {
                EventJson.write(writer, event);
              }
              writer.endArray();
            });
    return "event: events\nid: " + to + "\ndata: " + json + "\n\n";
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Ends all of them. */
  @Override
  public void close() {
    closed.countDown();
  }
}
