package io.varve.server.ops;

import io.varve.server.append.CommitListener;
import io.varve.server.storage.EventRun;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether the server is fit to be sent requests, and if not, why: it is starting or stopping, the
 * store takes no more appends, or the disk is nearly full. Thread-safe.
 */
public final class Readiness implements CommitListener {
  private final LongSupplier freeBytes;
  private final long reserveBytes;

  private volatile Phase phase = Phase.STARTING;
  private final AtomicReference<@Nullable String> stopReason = new AtomicReference<>();

  /** How far the server is in its life. */
  public enum Phase {
    STARTING,
    SERVING,
    STOPPING
  }

  /**
   * A server that is starting.
   *
   * @param freeBytes how much room the disk has; negative when nobody knows
   * @param reserveBytes with less room than this the server is not ready
   */
  public Readiness(LongSupplier freeBytes, long reserveBytes) {
    this.freeBytes = freeBytes;
    this.reserveBytes = reserveBytes;
  }

  @Override
  public void committed(List<EventRun> runs) {
    // Nothing here depends on what is committed.
  }

  @Override
  public void stopped(String reason) {
    stopReason.compareAndSet(null, reason);
  }

  /** Everything is open. */
  public void serving() {
    phase = Phase.SERVING;
  }

  /** The server has been told to stop. */
  public void stopping() {
    phase = Phase.STOPPING;
  }

  public Phase phase() {
    return phase;
  }

  /** Whether the store takes appends: it does until a write fails. */
  public boolean acceptsAppends() {
    return stopReason.get() == null;
  }

  /** Why the server is not ready, each reason a sentence; empty when it is. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    switch (phase) {
      case STARTING -> problems.add("the server is starting");
      case STOPPING -> problems.add("the server is stopping");
      case SERVING -> {
        // The usual one.
      }
    }
    String reason = stopReason.get();
    if (reason != null) {
      problems.add("the store takes no more appends until it is restarted: " + reason);
    }
    long free = freeBytes.getAsLong();
    if (free >= 0 && free < reserveBytes) {
      problems.add(
          "the disk is nearly full: "
              + free
              + " bytes are free, fewer than the reserve of "
              + reserveBytes);
    }
    return problems;
  }
}
