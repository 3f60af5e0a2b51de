package io.varve.bank.web;

import io.varve.bank.store.Streams;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.SubscribeToLog;
import io.varve.client.streams.Subscription;
import io.varve.client.streams.SubscriptionListener;
import io.varve.client.streams.VarveException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

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
  /*
   * Two threads. The request's own writes to the socket; the subscription's hands over events, and
   * waits while HANDED_OVER of them have not been written. So a reader that does not read stops its
   * own subscription, and the store keeps the rest for it. What has been handed over and not written
   * when a subscription ends is dropped: the next one begins after the last event written.
   */

  /** An event as the feed shows it. */
  record FeedEvent(
      UUID eventId,
      String type,
      String stream,
      long version,
      long position,
      Instant recordedAt,
      JsonNode data,
      Map<String, String> metadata) {

    static FeedEvent of(RecordedEvent event) {
      return new FeedEvent(
          event.id(),
          event.type(),
          event.stream(),
          event.version(),
          event.position(),
          event.recordedAt(),
          Json.payload(event),
          event.metadata());
    }
  }

  record StoreNews(boolean reachable) {}

  /** How many events come first when the reader names no position. */
  static final int NEWEST = 50;

  private static final int HANDED_OVER = 32;

  /** Between two looks at the projections. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** Between two attempts to reach a store that is away. */
  private static final Duration PAUSE = Duration.ofMillis(500);

  /** How long a browser waits before it connects again. */
  private static final String HELLO = "retry: 1000\n\n";

  private static final String STILL_HERE = ":\n\n";

  private static final Logger LOG = LoggerFactory.getLogger(FeedReader.class);

  private final EventStore store;
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
      EventStore store, @Nullable Long after, Supplier<String> projections, Duration heartbeat) {
    this.store = store;
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
          begin(out);
          follow(out);
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

  /** Sees to it that there is a position to follow from, and sends what comes before it. */
  private void begin(OutputStream out) throws IOException {
    List<RecordedEvent> newest;
    long head;
    try (EventReader events =
        store.readLog(ReadLog.all().query(Streams.BANK).backwards().limit(NEWEST))) {
      newest = events.toList();
      head = events.headPosition();
    }
    if (written != null && written > head) {
      send(out, "event: reset\ndata: {}\n\n");
      written = null;
    }
    if (written == null) {
      written = 0L;
      for (RecordedEvent event : newest.reversed()) {
        send(out, event);
      }
    }
  }

  /** Sends what comes, until the subscription ends or this is closed. */
  private void follow(OutputStream out) throws IOException, InterruptedException {
    Line line = new Line();
    SubscribeToLog request =
        SubscribeToLog.all().query(Streams.BANK).after(written == null ? 0 : written);
    try (Subscription _ = store.subscribeToLog(request, line)) {
      try {
        pump(line, out);
      } finally {
        line.hangUp(); // before the subscription is closed, which waits for the listener
      }
    }
  }

  private void pump(Line line, OutputStream out) throws IOException, InterruptedException {
    Duration patience = heartbeat.compareTo(LOOK) < 0 ? heartbeat : LOOK;
    boolean ended = false;
    while (!ended) {
      switch (line.take(patience)) {
        case News.Happened(RecordedEvent event) -> {
          if (Boolean.FALSE.equals(reachable)) {
            tellStore(out, true);
          }
          send(out, event);
        }
        case News.Sign.CAUGHT_UP -> tellStore(out, true);
        case News.Sign.AWAY -> tellStore(out, false);
        case News.Sign.NOTHING -> {
          if (System.nanoTime() - sentNanos >= heartbeat.toNanos()) {
            send(out, STILL_HERE);
          }
        }
        case News.Sign.END -> ended = true;
      }
      tellProjections(out);
      if (line.isEmpty()) {
        out.flush();
      }
    }
  }

  private void send(OutputStream out, RecordedEvent event) throws IOException {
    send(out, "id: " + event.position() + "\ndata: " + Json.text(FeedEvent.of(event)) + "\n\n");
    written = event.position();
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

  /** What a subscription has to say. */
  private sealed interface News {

    record Happened(RecordedEvent event) implements News {}

    enum Sign implements News {
      CAUGHT_UP,
      AWAY,
      NOTHING,
      END
    }
  }

  /** From one subscription to the thread that writes: a little at a time, then it waits. */
  private final class Line implements SubscriptionListener {

    private final Queue<News> waiting = new ArrayDeque<>(); // under lock
    private boolean over; // under lock; nobody takes any more

    @Override
    public void onEvent(RecordedEvent event) {
      put(new News.Happened(event));
    }

    @Override
    public void onCaughtUp(long position) {
      put(News.Sign.CAUGHT_UP);
    }

    @Override
    public void onReconnecting(VarveException cause) {
      put(News.Sign.AWAY);
    }

    @Override
    public void onClosed(@Nullable Throwable cause) {
      put(News.Sign.END);
    }

    private void put(News news) {
      lock.lock();
      try {
        while (waiting.size() >= HANDED_OVER && !over) {
          changed.awaitUninterruptibly();
        }
        if (!over) {
          waiting.add(news);
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    /** What comes next; NOTHING when nothing has come for that long. */
    News take(Duration patience) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        long nanos = patience.toNanos();
        while (waiting.isEmpty() && !closed && nanos > 0) {
          nanos = changed.awaitNanos(nanos);
        }
        if (closed) {
          return News.Sign.END;
        }
        News next = waiting.poll();
        changed.signalAll();
        return next == null ? News.Sign.NOTHING : next;
      } finally {
        lock.unlock();
      }
    }

    boolean isEmpty() {
      lock.lock();
      try {
        return waiting.isEmpty();
      } finally {
        lock.unlock();
      }
    }

    /** Nobody takes any more: whoever waits to hand over goes on, and it is dropped. */
    void hangUp() {
      lock.lock();
      try {
        over = true;
        waiting.clear();
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
