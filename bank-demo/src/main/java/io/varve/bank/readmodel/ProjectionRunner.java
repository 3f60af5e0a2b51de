package io.varve.bank.readmodel;

import io.varve.bank.domain.BankEvent;
import io.varve.bank.store.EventCodec;
import io.varve.bank.store.LogFollower;
import io.varve.bank.store.Streams;
import io.varve.client.streams.EventReader;
import io.varve.client.streams.EventStore;
import io.varve.client.streams.ReadLog;
import io.varve.client.streams.RecordedEvent;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Feeds one projection from the log and keeps its checkpoint. The checkpoint moves in the
 * transaction that writes the rows, so each event takes effect exactly once, whatever crashes;
 * events at or before it are passed over.
 *
 * <p>While it catches up it commits {@link #CATCH_UP_BATCH} events at a time, and when it is live
 * each event by itself. After a failure it goes event by event until it has caught up, so that it
 * comes to stand right before the event that it cannot take.
 */
final class ProjectionRunner implements LogFollower.Handler, AutoCloseable {

  /** Commits cost more than rows; a few hundred at a time is near the best there is. */
  static final int CATCH_UP_BATCH = 256;

  /** Whoever reads this has a projection that stands still, and nothing to lose in the rows. */
  static final String WAY_OUT =
      "; if its rows are at fault, stop the demo and delete its data folder: all of it is rebuilt"
          + " from the log";

  private static final Duration WAITING_SLICE = Duration.ofMillis(100);

  private final Projection projection;
  private final Database database;
  private final EventCodec codec;
  private final EventStore store;
  private final InstantSource clock;
  private final LogFollower follower;

  private final List<RecordedEvent> batch = new ArrayList<>(); // the follower's thread only
  private boolean caughtUp; // the follower's thread only
  private boolean careful; // the follower's thread only

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();
  private long position; // under lock; committed

  ProjectionRunner(
      Projection projection,
      Database database,
      EventStore store,
      EventCodec codec,
      ScheduledExecutorService timer,
      InstantSource clock) {
    this.projection = projection;
    this.database = database;
    this.codec = codec;
    this.store = store;
    this.clock = clock;
    this.follower =
        new LogFollower("projection " + projection.name(), store, Streams.BANK, this, timer);
  }

  void start() {
    follower.start();
  }

  String name() {
    return projection.name();
  }

  LogFollower.Status status() {
    return follower.status();
  }

  /** The log position up to which the rows hold everything. */
  long position() {
    lock.lock();
    try {
      return position;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the rows hold everything up to a position. False: they do not within the time, or
   * the projection stands still and waiting would be in vain.
   */
  boolean awaitPosition(long wanted, Duration patience) throws InterruptedException {
    long nanosLeft = patience.toNanos();
    lock.lock();
    try {
      while (position < wanted) {
        if (nanosLeft <= 0 || standsStill()) {
          return false;
        }
        // In slices, because nobody signals when the projection comes to a stop.
        long slice = Math.min(nanosLeft, WAITING_SLICE.toNanos());
        nanosLeft -= slice - Math.max(0, moved.awaitNanos(slice));
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean standsStill() {
    LogFollower.State state = follower.status().state();
    return state == LogFollower.State.FAILED || state == LogFollower.State.RECONNECTING;
  }

  @Override
  public long resumeAfter() throws SQLException {
    batch.clear();
    caughtUp = false;
    long checkpoint =
        database
            .queryOne(
                "SELECT position FROM checkpoints WHERE projection = ?",
                row -> row.number(1),
                projection.name())
            .orElse(0L);
    refuseAnotherStore(checkpoint);
    moveTo(checkpoint);
    return checkpoint;
  }

  /** A log that ends before our checkpoint is not the log that the rows came from. */
  private void refuseAnotherStore(long checkpoint) {
    try (EventReader reader = store.readLog(ReadLog.all().backwards().limit(1))) {
      long head = reader.headPosition();
      if (head < checkpoint) {
        throw new IllegalStateException(
            "the read model is at position "
                + checkpoint
                + " and the log ends at "
                + head
                + ": it was made from another store; delete its folder to rebuild it from this"
                + " one");
      }
    }
  }

  @Override
  public void onEvent(RecordedEvent event) throws Exception {
    batch.add(event);
    if (caughtUp || careful || batch.size() >= CATCH_UP_BATCH) {
      commit(event.position());
    }
  }

  @Override
  public void onReached(long reached, boolean nowCaughtUp) throws Exception {
    if (!batch.isEmpty() || reached > position()) {
      commit(Math.max(reached, position()));
    }
    if (nowCaughtUp) {
      caughtUp = true;
      careful = false;
    }
  }

  private void commit(long upTo) throws Exception {
    long checkpoint = position();
    try {
      commitBatch(checkpoint, upTo);
    } catch (Exception e) {
      careful = true;
      throw e;
    }
    batch.clear();
    moveTo(upTo);
  }

  private void commitBatch(long checkpoint, long upTo) throws Exception {
    database.inTransaction(
        connection -> {
          int finished = 0;
          for (RecordedEvent event : batch) {
            if (event.position() > checkpoint) {
              apply(event, connection);
              finished++;
            }
          }
          moveCheckpoint(connection, checkpoint, upTo, finished);
        });
  }

  private void apply(RecordedEvent recorded, Connection connection) {
    try {
      Optional<BankEvent> event = codec.decode(recorded);
      if (event.isPresent()) {
        projection.apply(event.get(), recorded, connection);
      }
    } catch (SQLException | RuntimeException e) {
      throw new IllegalStateException(
          "cannot take "
              + recorded.type()
              + " in "
              + recorded.stream()
              + " at position "
              + recorded.position()
              + ": "
              + e.getMessage()
              + WAY_OUT,
          e);
    }
  }

  /** Moves it from where we believe it to be, so that two processes never feed the same rows. */
  private void moveCheckpoint(Connection connection, long from, long to, int finished)
      throws SQLException {
    if (from == 0
        && Database.query(
                connection,
                "SELECT position FROM checkpoints WHERE projection = ?",
                row -> row.number(1),
                projection.name())
            .isEmpty()) {
      Database.updateOne(
          connection,
          "INSERT INTO checkpoints (projection, position, events, updated_at) VALUES (?, ?, ?, ?)",
          projection.name(),
          to,
          finished,
          clock.instant());
      return;
    }
    Database.updateOne(
        connection,
        "UPDATE checkpoints SET position = ?, events = events + ?, updated_at = ?"
            + " WHERE projection = ? AND position = ?",
        to,
        finished,
        clock.instant(),
        projection.name(),
        from);
  }

  private void moveTo(long newPosition) {
    lock.lock();
    try {
      position = newPosition;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends it cleanly: what is being committed is finished, and nothing is taken up any more. */
  @Override
  public void close() {
    follower.close();
  }
}
