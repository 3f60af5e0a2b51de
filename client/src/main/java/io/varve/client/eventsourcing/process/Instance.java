package io.varve.client.eventsourcing.process;

import java.time.Instant;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What a runner keeps of one instance while it is open. */
final class Instance<S, E> {

  final String id;

  /** Held while inputs are recorded, never while a command is carried out. */
  final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  @Nullable Fold<S, E> fold; // null: to be loaded
  boolean gone; // no longer in the runner's list; whoever holds it must look again
  boolean driven; // a worker carries out its commands
  boolean again; // there may be more to do once the worker is done
  @Nullable ScheduledFuture<?> alarm;

  /**
   * Until when it is left to another runner, which is at work on it or was when we last looked; and
   * its version at that time. Null: nobody else is known to be.
   */
  @Nullable Instant yieldedUntil;

  long seenVersion = -1;

  // Written under the lock, read by anybody.
  volatile int failures; // since the last success
  volatile @Nullable Throwable lastFailure;
  volatile @Nullable Instant failingSince;
  volatile @Nullable Instant retryAt;
  volatile @Nullable String help;
  volatile boolean busy;

  Instance(String id) {
    this.id = id;
  }
}
