package io.varve.client.connection;

import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.Snapshot;
import io.varve.client.streams.StoreUnavailableException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A read over the wire. It holds the page that is being taken and a few more, which are on their
 * way meanwhile. What was not asked for stays with the transport, whose window bounds it.
 */
final class PagedReader<A, B> implements EventReader {
  /**
   * Asked for with the request, so that a stream of one page needs no second word; of a longer read
   * so many are held or on their way. A page is of 64 KiB, unless an event is larger.
   */
  static final int PAGES_AHEAD = 4;

  /**
   * Some events, and the log's newest position when the read began.
   *
   * @param snapshot what stands before the first event; only in the first page; null: nothing
   */
  record Page(long headPosition, List<RecordedEvent> events, @Nullable Snapshot snapshot) {}

  private final CallSignals<A, B> call;
  private final String server;
  private final Duration patience;
  private final Function<B, Page> toPage;

  private long headPosition;
  private @Nullable Snapshot snapshot;
  private Iterator<RecordedEvent> page = List.<RecordedEvent>of().iterator();
  private boolean begun;
  private boolean taken;

  private boolean ended;
  private volatile boolean closed;

  private PagedReader(
      CallSignals<A, B> call, String server, Duration patience, Function<B, Page> toPage) {
    this.call = call;
    this.server = server;
    this.patience = patience;
    this.toPage = toPage;
  }

  /**
   * Begins a read, and waits for its first page.
   *
   * @param patience how long each page may take
   * @param pool decodes pages while none is waited for
   * @throws CallFailedException the read was refused, or the link failed, before the first page
   */
  static <A, B> PagedReader<A, B> open(
      Channel channel,
      MethodDescriptor<A, B> method,
      A request,
      String server,
      Duration patience,
      Executor pool,
      Function<B, Page> toPage)
      throws CallFailedException {
    PagedReader<A, B> reader =
        new PagedReader<>(new CallSignals<>(channel, method, pool), server, patience, toPage);
    boolean opened = false;
    try {
      reader.call.start(request, PAGES_AHEAD);
      if (!reader.nextPage()) {
        Status status = Status.INTERNAL.withDescription("a read ended without a page");
        throw new CallFailedException(StoreError.of(server, status, null));
      }
      opened = true;
      return reader;
    } finally {
      if (!opened) {
        reader.close();
      }
    }
  }

  /** Takes the next page; false: there is none. */
  private boolean nextPage() throws CallFailedException {
    CallSignals.Signal<B> signal = await();
    return switch (signal) {
      case CallSignals.Message<B> message -> {
        if (begun) {
          call.requestOne();
        }
        begun = true;
        Page next = toPage.apply(message.value());
        headPosition = next.headPosition();
        page = next.events().iterator();
        snapshot = next.snapshot() == null ? snapshot : next.snapshot();
        yield true;
      }
      case CallSignals.End<B> end -> {
        ended = true;
        if (!end.status().isOk()) {
          throw new CallFailedException(StoreError.of(server, end.status(), end.trailers()));
        }
        yield false;
      }
    };
  }

  private CallSignals.Signal<B> await() {
    try {
      CallSignals.@Nullable Signal<B> signal = call.await(patience);
      if (signal != null) {
        return signal;
      }
      close();
      throw new StoreUnavailableException(
          "the server at " + server + " sent no page of the read within " + patience, null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw new StoreUnavailableException("interrupted while waiting for a page from " + server, e);
    }
  }

  @Override
  public long headPosition() {
    return headPosition;
  }

  @Override
  public Optional<Snapshot> snapshot() {
    return Optional.ofNullable(snapshot);
  }

  @Override
  public Iterator<RecordedEvent> iterator() {
    if (taken || closed) {
      throw new IllegalStateException(
          closed ? "the reader is closed" : "a reader gives its events only once");
    }
    taken = true;
    return new Events();
  }

  private final class Events implements Iterator<RecordedEvent> {

    @Override
    public boolean hasNext() {
      requireOpen(null);
      while (!page.hasNext() && !ended) {
        try {
          nextPage();
        } catch (CallFailedException e) {
          requireOpen(e);
          throw e.error().toException();
        }
      }
      return page.hasNext();
    }

    @Override
    public RecordedEvent next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the read has no more events");
      }
      return page.next();
    }

    private void requireOpen(@Nullable Exception cause) {
      if (closed) {
        throw new IllegalStateException("the reader is closed", cause);
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      call.cancel("the reader was closed");
    }
  }
}
