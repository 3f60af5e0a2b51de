package io.varve.server.group;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory events may take that have been read and wait to be delivered, in all groups of
 * the store together. What does not fit is let go of and read again, so running out costs speed and
 * nothing else. Thread-safe.
 */
final class HeldBudget {
  private final long maxBytes;
  private final AtomicLong used = new AtomicLong();

  HeldBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Takes so much, if there is as much left. */
  boolean take(long bytes) {
    if (used.addAndGet(bytes) > maxBytes) {
      used.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void giveBack(long bytes) {
    used.addAndGet(-bytes);
  }

  long used() {
    return used.get();
  }
}
