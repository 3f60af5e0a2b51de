package io.varve.server.append;

import io.varve.server.storage.EventStorage;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commit log of a single node: a bounded queue, a thread that decides and encodes, and a thread
 * that writes, publishes and answers.
 */
public final class LocalCommitLog implements CommitLog {
  private static final Logger log = LoggerFactory.getLogger(LocalCommitLog.class);

  /*
   * Batching is natural. The committer decides whatever waits into the open batch and hands it over as soon as the
   * writer is idle; while the writer is busy the batch grows. A lone caller pays one sync, a thousand share one, and
   * nobody ever waits for more to come.
   *
   *   callers --> queue --> committer --(one batch, when the writer is idle)--> writer --> answers
   *
   * The committer parks when there is nothing to decide and nothing to hand over. Two things wake it: a caller that
   * has queued a command, and the writer when it becomes idle.
   */
  private final EventStorage storage;
  private final Committer committer;
  private final AppendSettings settings;
  private final List<CommitListener> listeners;

  private final ArrayBlockingQueue<Proposal> queue;
  private final AtomicLong heldBytes = new AtomicLong();
  private final WriterSlot slot = new WriterSlot();
  private final Thread committerThread;
  private final Thread writerThread;

  private volatile boolean committerParked;

  /** While it is parked: only then need the writer wake it. */
  private volatile boolean waitsForWriter;

  private volatile boolean closing;

  private volatile boolean terminated;

  /** Why no more appends are taken; null while all is well. Set once. */
  private final AtomicReference<@Nullable String> stopReason = new AtomicReference<>();

  /**
   * The command that is being decided, so that it too gets its answer when deciding fails; the
   * committer's.
   */
  private @Nullable Proposal deciding;

  private record Proposal(Command command, Consumer<Outcome> callback) {}

  /**
   * @param threads makes the two threads
   * @param listeners told of every commit, in this order
   */
  public LocalCommitLog(
      EventStorage storage,
      AppendSettings settings,
      ThreadFactory threads,
      List<CommitListener> listeners) {
    this.storage = storage;
    this.settings = settings;
    this.committer = new Committer(storage, settings.maxCachedHeads());
    this.listeners = List.copyOf(listeners);
    this.queue = new ArrayBlockingQueue<>(settings.maxQueued());
    this.committerThread = threads.newThread(this::decideAll);
    this.writerThread = threads.newThread(this::writeAll);
    committerThread.setName("varve-committer");
    writerThread.setName("varve-writer");
  }

  /** Starts the two threads. */
  public LocalCommitLog start() {
    writerThread.start();
    committerThread.start();
    return this;
  }

  // ---- callers

  @Override
  public void propose(Command command, Consumer<Outcome> callback) {
    String reason = stopReason.get();
    if (reason != null) {
      callback.accept(new Outcome.StoreStopped(reason));
      return;
    }
    if (closing) {
      callback.accept(new Outcome.Stopping());
      return;
    }
    // An append larger than the whole bound is let in when nothing else is held; the limits at the
    // door bound it.
    long held = heldBytes.addAndGet(command.bytes());
    if ((held > settings.maxQueuedBytes() && held != command.bytes())
        || !queue.offer(new Proposal(command, callback))) {
      heldBytes.addAndGet(-command.bytes());
      callback.accept(new Outcome.QueueFull(queue.size()));
      return;
    }
    if (committerParked) {
      LockSupport.unpark(committerThread);
    }
    if (terminated) {
      answerLate();
    }
  }

  /** How many commands wait to be decided. */
  public int waiting() {
    return queue.size();
  }

  /** How much memory commands hold that have not been answered yet. */
  public long heldBytes() {
    return heldBytes.get();
  }

  // ---- the committer

  /** What the committer does after a round. */
  enum Next {
    ANOTHER_ROUND,
    WAIT,
    END
  }

  private void decideAll() {
    try {
      for (Next next = decideRound(); next != Next.END; next = decideRound()) {
        if (next == Next.WAIT) {
          park(committer.open());
        }
      }
    } catch (RuntimeException | Error e) {
      stop("deciding an append failed: " + e.getMessage(), e);
      refuseEverything();
    } finally {
      slot.finish();
    }
  }

  /**
   * Decides what waits, and hands over if the writer is idle. On the committer's thread; a
   * simulation, which starts no threads, calls it as it likes.
   */
  Next decideRound() {
    Batch open = committer.open();
    decideWaiting(open);
    if (!open.isEmpty() && slot.isIdle()) {
      slot.give(committer.handOver());
      return Next.ANOTHER_ROUND;
    }
    if (!isFull(open) && !queue.isEmpty()) {
      return Next.ANOTHER_ROUND;
    }
    return closing && open.isEmpty() && queue.isEmpty() ? Next.END : Next.WAIT;
  }

  private void decideWaiting(Batch open) {
    while (!isFull(open)) {
      Proposal next = queue.poll();
      if (next == null) {
        return;
      }
      if (stopReason.get() != null) {
        refuse(next);
      } else {
        deciding = next;
        committer.decide(next.command(), next.callback());
        deciding = null;
      }
    }
  }

  private boolean isFull(Batch batch) {
    return batch.commit().count() >= settings.maxBatchEvents()
        || batch.commit().bytes() >= settings.maxBatchBytes()
        || batch.answers().size() >= settings.maxBatchEvents();
  }

  private void park(Batch open) {
    committerParked = true;
    waitsForWriter = !open.isEmpty();
    // Looked at again after the flags are up: whoever queues or becomes idle from now on wakes us.
    boolean nothingToDo =
        (isFull(open) || queue.isEmpty())
            && (open.isEmpty() || !slot.isIdle())
            && !(closing && open.isEmpty());
    if (nothingToDo) {
      LockSupport.park(this);
    }
    committerParked = false;
    waitsForWriter = false;
  }

  /**
   * After deciding has failed: answers everybody that is still waiting, until the log is closed.
   */
  private void refuseEverything() {
    if (deciding != null) {
      refuse(deciding);
    }
    for (Batch.Answer answer : committer.open().answers()) {
      answer(answer.callback(), storeStopped(), answer.bytes());
    }
    while (true) {
      Proposal next = queue.poll();
      if (next != null) {
        refuse(next);
      } else if (closing) {
        return;
      } else {
        committerParked = true;
        if (queue.isEmpty() && !closing) {
          LockSupport.park(this);
        }
        committerParked = false;
      }
    }
  }

  private void refuse(Proposal proposal) {
    answer(proposal.callback(), storeStopped(), proposal.command().bytes());
  }

  private Outcome storeStopped() {
    String reason = stopReason.get();
    return new Outcome.StoreStopped(reason == null ? "the store has stopped" : reason);
  }

  // ---- the writer

  private void writeAll() {
    while (true) {
      slot.becomeIdle();
      if (waitsForWriter) {
        LockSupport.unpark(committerThread);
      }
      Batch batch = slot.take();
      if (batch == null) {
        return;
      }
      write(batch);
    }
  }

  /**
   * Writes the batch that has been handed over, and answers; without one it is idle from now on. In
   * place of the writer's thread, for a simulation.
   */
  void writeRound() {
    Batch batch = slot.poll();
    if (batch != null) {
      write(batch);
    }
  }

  private void write(Batch batch) {
    if (stopReason.get() == null) {
      int events = batch.commit().count();
      long bytes = batch.commit().bytes();
      tellListeners(listener -> listener.writing(batch.answers().size(), events, bytes));
      if (!batch.descriptions().isEmpty()) {
        tellListeners(listener -> listener.describing(batch.descriptions()));
      }
      try {
        batch.commit().write();
        tellListeners(CommitListener::written);
      } catch (RuntimeException | Error e) {
        stop("writing to the disk failed: " + e.getMessage(), e);
      }
    }
    if (stopReason.get() != null) {
      // Refusals rest on what was being written too, so nobody's outcome is known.
      for (Batch.Answer answer : batch.answers()) {
        answer(answer.callback(), storeStopped(), answer.bytes());
      }
      return;
    }
    if (!batch.descriptions().isEmpty()) {
      tellListeners(listener -> listener.described(batch.descriptions()));
    }
    if (batch.commit().count() > 0) {
      tellListeners(listener -> listener.committed(batch.commit().runs()));
    }
    for (Batch.Answer answer : batch.answers()) {
      answer(answer.callback(), answer.outcome(), answer.bytes());
    }
  }

  private void answer(Consumer<Outcome> callback, Outcome outcome, long bytes) {
    heldBytes.addAndGet(-bytes);
    try {
      callback.accept(outcome);
    } catch (RuntimeException | Error e) {
      // One caller's broken call must not cost the others theirs, nor the store its writer.
      log.warn("an append's outcome could not be delivered: {}", outcome, e);
    }
  }

  private void tellListeners(Consumer<CommitListener> news) {
    for (CommitListener listener : listeners) {
      try {
        news.accept(listener);
      } catch (RuntimeException | Error e) {
        // What is committed stays committed, and the others must hear of it.
        log.error("{} failed to take news of the commit path", listener, e);
      }
    }
  }

  private void stop(String reason, Throwable cause) {
    if (!stopReason.compareAndSet(null, reason)) {
      return;
    }
    log.error(
        "the store takes no more appends: {}; head {}", reason, storage.head().position(), cause);
    tellListeners(listener -> listener.stopped(reason));
  }

  // ---- closing

  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(committerThread);
    boolean interrupted = false;
    for (Thread thread : List.of(committerThread, writerThread)) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true; // what is queued is finished first; the caller hears of it afterwards
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    terminated = true;
    answerLate();
  }

  /**
   * A caller may have passed the check just before {@code closing} was set, and queued after the
   * threads' end.
   */
  private void answerLate() {
    for (Proposal late = queue.poll(); late != null; late = queue.poll()) {
      answer(late.callback(), new Outcome.Stopping(), late.command().bytes());
    }
  }

  /**
   * Where the committer leaves a batch for the writer: room for one, and only while the writer is
   * idle.
   */
  private static final class WriterSlot {
    private @Nullable Batch batch; // guarded by this
    private boolean finished; // guarded by this
    private volatile boolean idle;

    boolean isIdle() {
      return idle;
    }

    synchronized void give(Batch next) {
      if (!idle) {
        throw new IllegalStateException("the writer is busy");
      }
      idle = false;
      batch = next;
      notifyAll();
    }

    /** The next batch; null, and idle, when there is none yet. */
    synchronized @Nullable Batch poll() {
      Batch next = batch;
      batch = null;
      idle = next == null;
      return next;
    }

    /** No more batches will come. */
    synchronized void finish() {
      finished = true;
      notifyAll();
    }

    synchronized void becomeIdle() {
      idle = true;
    }

    /** Waits for the next batch; null when there will be none. */
    synchronized @Nullable Batch take() {
      boolean interrupted = false;
      while (batch == null && !finished) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true; // nobody interrupts the writer; if it happens, writing goes on
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      Batch next = batch;
      batch = null;
      return next;
    }
  }
}
