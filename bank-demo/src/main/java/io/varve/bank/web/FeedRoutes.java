package io.varve.bank.web;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.varve.client.streams.EventStore;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The feed: the bank's events as server-sent events, for as long as somebody reads. All readers
 * share one {@linkplain FeedSource source}, which none of them holds back. Closing it ends all
 * readers, who may come back with the id of the last event that they have seen.
 */
final class FeedRoutes implements AutoCloseable {

  static final String FEED = "/api/feed";

  /** Each reader costs a connection, a thread, and a page of events at most. */
  static final int MAX_READERS = 200;

  /** Often enough to keep a connection from being taken for idle, here or on the way. */
  static final Duration HEARTBEAT = Duration.ofSeconds(10);

  /** Set by a browser that connects again: the id of the last event it has seen. */
  private static final String LAST_EVENT_ID = "Last-Event-ID";

  private final FeedSource source;
  private final Supplier<String> projections;
  private final Duration heartbeat;
  private final int maxReaders;
  private final Set<FeedReader> readers = new HashSet<>(); // under itself
  private boolean closed; // under readers

  /**
   * @param projections how the projections are, as it is to be shown; any thread may ask
   */
  FeedRoutes(EventStore store, Supplier<?> projections, Duration heartbeat, int maxReaders) {
    this.source = new FeedSource(store);
    this.projections = new Shared(projections);
    this.heartbeat = heartbeat;
    this.maxReaders = maxReaders;
  }

  void register(RoutesConfig routes) {
    routes.get(FEED, this::feed);
  }

  private void feed(Context context) throws IOException, InterruptedException {
    FeedReader reader = new FeedReader(source, seenAlready(context), projections, heartbeat);
    admit(reader);
    try {
      HttpServletResponse response = context.res();
      response.setStatus(200);
      response.setContentType("text/event-stream");
      response.setHeader("Cache-Control", "no-store");
      response.setHeader("X-Accel-Buffering", "no"); // a proxy that collects would hold events back
      reader.serve(response.getOutputStream());
    } catch (IOException e) {
      // The reader has gone, or took nothing for longer than the server waits; it may come back.
    } finally {
      synchronized (readers) {
        readers.remove(reader);
      }
    }
  }

  /** The position that the reader has seen events up to; null: it begins with the newest events. */
  private static @Nullable Long seenAlready(Context context) {
    QueryParameters parameters = QueryParameters.of(context, Set.of());
    String header = context.header(LAST_EVENT_ID);
    if (header == null) {
      return parameters.position(QueryParameters.AFTER);
    }
    try {
      long position = Long.parseLong(header);
      if (position >= 0) {
        return position;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw ApiException.badField(
        LAST_EVENT_ID, LAST_EVENT_ID + " must be the id of an event of this feed, a whole number");
  }

  private void admit(FeedReader reader) {
    synchronized (readers) {
      if (closed) {
        throw ApiException.unavailable("the demo is stopping");
      }
      if (readers.size() >= maxReaders) {
        throw ApiException.unavailable(
            "the feed has " + maxReaders + " readers, and takes no more; try later");
      }
      readers.add(reader);
    }
  }

  /** How many readers there are. */
  int readers() {
    synchronized (readers) {
      return readers.size();
    }
  }

  /** How much is kept in memory for all readers together. */
  long bytes() {
    return source.bytes();
  }

  @Override
  public void close() {
    synchronized (readers) {
      closed = true;
      readers.forEach(FeedReader::close);
    }
  }

  /** One answer for all readers who ask at about the same time. */
  private static final class Shared implements Supplier<String> {

    private static final Duration GOOD_FOR = Duration.ofMillis(500);

    private final Supplier<?> source;
    private String text = ""; // under this; empty: not asked for yet
    private long askedNanos; // under this

    Shared(Supplier<?> source) {
      this.source = source;
    }

    @Override
    public synchronized String get() {
      long now = System.nanoTime();
      if (text.isEmpty() || now - askedNanos >= GOOD_FOR.toNanos()) {
        text = Json.text(source.get());
        askedNanos = now;
      }
      return text;
    }
  }
}
