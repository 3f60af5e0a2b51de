package io.varve.server.cli.bench;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A client that has up to a window of requests unanswered. A request's latency counts from when it
 * was due in an open loop, and from when there was room in the window in a closed one.
 */
final class PipelinedClient implements LoadPart.Client {
  private final PipelinedOperation operation;
  private final int window;

  PipelinedClient(PipelinedOperation operation, int window) {
    this.operation = operation;
    this.window = window;
  }

  @Override
  public ClientTally newTally() {
    return ClientTally.ofManyThreads();
  }

  @Override
  public void load(LoadTime time, ClientTally tally) {
    Semaphore room = new Semaphore(window);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    room.acquireUninterruptibly();
    for (long due = time.awaitNext();
        due < time.until() && failure.get() == null;
        due = time.awaitNext()) {
      long mine = due;
      var _ =
          operation
              .begin()
              .whenComplete(
                  (events, refused) -> {
                    if (refused != null) {
                      failure.compareAndSet(null, refused);
                    } else if (time.counts(mine)) {
                      tally.add(System.nanoTime() - mine, events, 0);
                    }
                    room.release();
                  });
      room.acquireUninterruptibly();
    }
    // What is still unanswered was due while it counted.
    room.acquireUninterruptibly(window - 1);
    Throwable refused = failure.get();
    if (refused != null) {
      throw new LoadFailure("a pipelined request failed: " + refused.getMessage(), refused);
    }
  }
}
