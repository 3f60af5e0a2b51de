package io.varve.bank.web;

import io.varve.bank.store.Streams;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import io.varve.client.streams.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the feed's readers have their events from: what happens, from one subscription that all of
 * them share and that is there while anybody reads; what has happened, from the store, a page at a
 * time.
 *
 * <p>Readers come in numbers, may be slow, or may not read at all. So what they wait for is never
 * something that the store sends: a page is in memory as a whole before its first event is written,
 * and the subscription takes all that comes. Otherwise what waits for them would fill the
 * connection that commands go over.
 */
final class FeedSource {

  /**
   * Some events, oldest first.
   *
   * @param head the newest position of the log when they were read
   */
  record Page(List<FeedMessage> messages, long head) {}

  private static final int PAGE = 200;
  private static final long PAGE_BYTES = 256 * 1024;

  /** Reads at the same time, of all readers. */
  private static final int READS = 16;

  /** A read takes a moment; who waits for so long, waits for a store that does not answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final EventStore store;
  private final Semaphore reads = new Semaphore(READS, true);
  private @Nullable LiveLog live; // under this
  private int users; // under this; of live

  FeedSource(EventStore store) {
    this.store = store;
  }

  /**
   * The newest events, so many at most, and fewer when they are large.
   *
   * @throws io.varve.client.streams.VarveException the store is away
   */
  Page newest(int most) throws InterruptedException {
    LiveLog before;
    synchronized (this) {
      before = live;
    }
    long reached = before == null ? 0 : before.reached();
    Page newest = read(ReadLog.all().query(Streams.BANK).backwards(), most);
    if (before != null && newest.head() < reached) {
      before.close(); // the store has another log by now, which will not go on from there
    }
    return new Page(newest.messages().reversed(), newest.head());
  }

  /**
   * The events that come after a position, as many as fit into a page; none: there are none up to
   * the head.
   *
   * @throws io.varve.client.streams.VarveException the store is away
   */
  Page after(long position) throws InterruptedException {
    return read(ReadLog.all().query(Streams.BANK).fromPosition(position + 1), PAGE);
  }

  private Page read(ReadLog read, int most) throws InterruptedException {
    if (!reads.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new StoreUnavailableException("the store has not answered for " + PATIENCE, null);
    }
    try (EventReader events = store.readLog(read.limit(most))) {
      List<FeedMessage> messages = new ArrayList<>();
      long bytes = 0;
      for (RecordedEvent event : events) {
        FeedMessage message = new FeedMessage(event);
        bytes += message.bytes();
        if (bytes > PAGE_BYTES && !messages.isEmpty()) {
          break;
        }
        messages.add(message);
      }
      return new Page(messages, events.headPosition());
    } finally {
      reads.release();
    }
  }

  /**
   * What happens from now on; whoever joins {@linkplain #leave leaves}. It may begin later than at
   * this position, and says so then.
   *
   * @param position where it begins if nobody else reads: everything up to there has been read
   * @throws io.varve.client.streams.VarveException the store is away
   */
  synchronized LiveLog join(long position) {
    LiveLog current = live;
    if (current == null || current.hasEnded()) {
      current = new LiveLog(store, position);
      live = current;
      users = 0;
    }
    users++;
    return current;
  }

  void leave(LiveLog left) {
    synchronized (this) {
      if (left != live) {
        return; // it has ended, and others have a new one
      }
      users--;
      if (users > 0) {
        return;
      }
      live = null;
    }
    left.close();
  }

  /** How much is kept in memory for all readers together. */
  synchronized long bytes() {
    return live == null ? 0 : live.bytes();
  }
}
