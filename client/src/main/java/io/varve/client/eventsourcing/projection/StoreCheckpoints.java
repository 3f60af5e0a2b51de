package io.varve.client.eventsourcing.projection;

import io.varve.client.streams.EventStore;
import io.varve.client.streams.Tracking;
import io.varve.client.streams.TrackingNotRisingException;
import io.varve.client.streams.Transaction;
import java.util.Optional;

/**
 * One checkpoint as a source's progress in the event store. The store lets it rise only, which
 * shows two holders to one another, though not before both have handled something.
 */
final class StoreCheckpoints implements Checkpoints {

  private final EventStore store;

  // Under this object's monitor.
  private boolean lost;
  private long seen;

  StoreCheckpoints(EventStore store) {
    this.store = store;
  }

  private static String source(String projection, int version) {
    return "projection-" + projection + "-v" + version;
  }

  /** Who has lost it to somebody else waits until it has stood still between two looks. */
  @Override
  public synchronized Optional<Held> hold(String projection, int version) {
    if (lost) {
      long now = read(projection, version);
      lost = now != seen;
      seen = now;
    }
    return lost ? Optional.empty() : Optional.of(new InStore(source(projection, version)));
  }

  @Override
  public long read(String projection, int version) {
    return store.tracking(source(projection, version)).orElse(0);
  }

  private synchronized TenureLostException lost(String source) {
    lost = true;
    seen = -1;
    return new TenureLostException("somebody else has moved the progress of " + source);
  }

  private final class InStore implements Held {

    private final String source;

    InStore(String source) {
      this.source = source;
    }

    @Override
    public long load() {
      return store.tracking(source).orElse(0);
    }

    @Override
    public void save(long from, long to) throws TenureLostException {
      if (load() != from) {
        throw lost(source);
      }
      try {
        var unused =
            store.transact(Transaction.builder().tracking(new Tracking(source, to)).build());
      } catch (TrackingNotRisingException e) {
        TenureLostException theirs = lost(source);
        theirs.addSuppressed(e);
        throw theirs;
      }
    }

    @Override
    public void release() {
      // The store does not know who holds it.
    }
  }
}
