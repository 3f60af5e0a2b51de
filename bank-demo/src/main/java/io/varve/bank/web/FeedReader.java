package io.varve.bank.web;

import io.varve.bank.web.LiveLog.News;
import io.varve.client.streams.VarveException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader of the feed: what it gets, in which order, and from where.
 *
 * <p>Every event of the bank is one message, its id the event's log position. A reader that names
 * no position first gets the newest {@link #NEWEST} events; whatever it begins with, nothing after
 * that is missing or comes twice. Between them come messages of other types:
 *
 * <ul>
 *   <li>{@code store}, with {@code {"reachable":true}}: all that there was has been sent, what
 *       comes from here on is live; with false: the store is away, and nothing will come until it
 *       is back;
 *   <li>{@code projections}: how they are, as {@link FeedRoutes} was given it, at first and after a
 *       change, at most once a second;
 *   <li>{@code reset}: the log ends before the position that the reader named. It is another log,
 *       and the feed begins anew.
 * </ul>
 *
 * <p>It goes on until {@link #close}, or until the reader has gone, whatever the store does.
 */
final class FeedReader {
  record StoreNews(boolean reachable) {}

  /** How many events come first when the reader names no position. */
  static final int NEWEST = 50;

  /** Between two looks at the projections. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** Between two attempts to reach a store that is away. */
  private static final Duration PAUSE = Duration.ofMillis(500);

  /** How long a browser waits before it connects again. */
  private static final String HELLO = "retry: 1000\n\n";

  private static final String STILL_HERE = ":\n\n";

  private static final Logger LOG = LoggerFactory.getLogger(FeedReader.class);

  private final FeedSource source;
  private final Supplier<String> projections;
  private final Duration heartbeat;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Thread serving; // under lock
  private boolean closed; // under lock

  // Of the thread that serves.
  private @Nullable Long written; // the position up to which the reader has all; null: nothing yet
  private @Nullable Boolean reachable; // what the reader was told last
  private String toldProjections = ""; // likewise
  private long lookedAtNanos; // when the projections were last looked at
  private long sentNanos; // when something was last written

  FeedReader(
      FeedSource source, @Nullable Long after, Supplier<String> projections, Duration heartbeat) {
    this.source = source;
    this.written = after;
    this.projections = projections;
    this.heartbeat = heartbeat;
  }

  /**
   * Writes until it is closed.
   *
   * @throws IOException the reader has gone
   */
  void serve(OutputStream out) throws IOException, InterruptedException {
    lock.lock();
    try {
      serving = Thread.currentThread();
    } finally {
      lock.unlock();
    }
    try {
      send(out, HELLO);
      out.flush();
      while (!isClosed()) {
        try {
          follow(begin(out), out);
        } catch (VarveException e) {
          LOG.debug("a reader of the feed waits for the store", e);
        }
        if (!isClosed()) {
          tellStore(out, false);
          out.flush();
          pause();
        }
      }
    } catch (InterruptedException e) {
      if (!isClosed()) {
        throw e;
      }
    } finally {
      lock.lock();
      try {
        serving = null;
        if (closed) {
          Thread.interrupted(); // it was about the reader, who is done, not about the thread
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Ends it, in the middle of whatever it does. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      if (serving != null) {
        serving.interrupt(); // it may be waiting for the socket, or for the store
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  private void pause() throws InterruptedException {
    lock.lock();
    try {
      long nanos = PAUSE.toNanos();
      while (!closed && nanos > 0) {
        nanos = changed.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sees to it that there is a position to follow from, and sends what comes before it.
   *
   * @return the head of the log
   */
  private long begin(OutputStream out) throws IOException, InterruptedException {
    FeedSource.Page newest = source.newest(written == null ? NEWEST : 1);
    if (written != null && written > newest.head()) {
      send(out, "event: reset\ndata: {}\n\n");
      written = null;
      newest = source.newest(NEWEST);
    }
    if (written == null) {
      written = 0L;
      sendAll(out, newest.messages());
    }
    return newest.head();
  }

  /** Sends what comes, until there is nothing to come or this is closed. */
  private void follow(long head, OutputStream out) throws IOException, InterruptedException {
    LiveLog live = source.join(head);
    try {
      pump(live, out);
    } finally {
      source.leave(live);
    }
  }

  private void pump(LiveLog live, OutputStream out) throws IOException, InterruptedException {
    Duration patience = heartbeat.compareTo(LOOK) < 0 ? heartbeat : LOOK;
    News.Sign known = News.Sign.CATCHING_UP;
    while (!isClosed()) {
      switch (live.next(written == null ? 0 : written, known, patience)) {
        case News.Messages(List<FeedMessage> messages) -> sendAll(out, messages);
        case News.Sign.BEHIND -> {
          if (!readOn(out)) {
            return;
          }
        }
        case News.Sign.ENDED -> {
          return;
        }
        case News.Sign sign -> {
          known = sign;
          if (sign != News.Sign.CATCHING_UP) {
            tellStore(out, sign == News.Sign.LIVE);
          }
          if (System.nanoTime() - sentNanos >= heartbeat.toNanos()) {
            send(out, STILL_HERE);
          }
        }
      }
      tellProjections(out);
      out.flush();
    }
  }

  /** Sends a page of what is no longer in memory; false: the store does not have it either. */
  private boolean readOn(OutputStream out) throws IOException, InterruptedException {
    long before = written == null ? 0 : written;
    FeedSource.Page page = source.after(before);
    sendAll(out, page.messages());
    if (page.messages().isEmpty()) {
      written = Math.max(before, page.head());
    }
    return written != null && written > before;
  }

  private void sendAll(OutputStream out, List<FeedMessage> messages) throws IOException {
    for (FeedMessage message : messages) {
      if (Boolean.FALSE.equals(reachable)) {
        tellStore(out, true);
      }
      sentNanos = System.nanoTime();
      out.write(message.text());
      written = message.position();
    }
  }

  private void tellStore(OutputStream out, boolean isReachable) throws IOException {
    if (reachable == null || reachable != isReachable) {
      reachable = isReachable;
      send(out, "event: store\ndata: " + Json.text(new StoreNews(isReachable)) + "\n\n");
    }
  }

  /** Looks at them now and then; what is as it was is not told again. */
  private void tellProjections(OutputStream out) throws IOException {
    long now = System.nanoTime();
    if (reachable == null || (!toldProjections.isEmpty() && now - lookedAtNanos < LOOK.toNanos())) {
      return;
    }
    lookedAtNanos = now;
    String text = projections.get();
    if (!text.equals(toldProjections)) {
      toldProjections = text;
      send(out, "event: projections\ndata: " + text + "\n\n");
    }
  }

  private void send(OutputStream out, String text) throws IOException {
    sentNanos = System.nanoTime();
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
