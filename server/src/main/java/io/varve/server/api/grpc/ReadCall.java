package io.varve.server.api.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.server.read.EventCursor;
import io.varve.server.storage.EventPage;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A read on its way to the caller: one page at a time, and the next only when the transport can
 * take it. A caller that stops reading costs one page in the transport's buffer.
 */
final class ReadCall {
  /** Pages before other reads get their turn on the thread. */
  private static final int PAGES_A_TURN = 16;

  private final ServerCallStreamObserver<EncodedResponse> caller;
  private final boolean json;
  private final Executor executor;
  private final IntConsumer sent;

  private @Nullable EventCursor cursor; // guarded by this
  private byte[] opening = {}; // guarded by this
  private boolean answered; // guarded by this
  private boolean done; // guarded by this

  /**
   * @param executor goes on with the read after each turn
   * @param sent hears how many events have been sent
   */
  ReadCall(
      ServerCallStreamObserver<EncodedResponse> caller,
      boolean json,
      Executor executor,
      IntConsumer sent) {
    this.caller = caller;
    this.json = json;
    this.executor = executor;
    this.sent = sent;
    caller.setOnReadyHandler(this::pump);
  }

  /** Begins to send. */
  void start(EventCursor opened) {
    start(opened, new byte[0]);
  }

  /**
   * Begins to send.
   *
   * @param firstPageFields encoded fields of the response that the first page carries beside its
   *     events
   */
  void start(EventCursor opened, byte[] firstPageFields) {
    synchronized (this) {
      cursor = opened;
      opening = firstPageFields;
    }
    pump();
  }

  /** Sends what the transport can take. */
  private synchronized void pump() {
    EventCursor open = cursor;
    if (open == null) {
      return; // not yet: the read waits for a position
    }
    int pages = 0;
    while (!done && !caller.isCancelled() && caller.isReady()) {
      if (pages++ == PAGES_A_TURN) {
        executor.execute(this::goOn);
        return;
      }
      EventPage page = open.next();
      if (!page.isEmpty() || (open.isDone() && !answered)) {
        caller.onNext(PayloadViews.frames(page, json).append(headPosition(open)).append(opening));
        opening = new byte[0];
        sent.accept(page.count());
        answered = true;
      }
      if (open.isDone()) {
        done = true;
        caller.onCompleted();
      }
    }
  }

  /**
   * The next turn; outside gRPC's own events nobody else turns a failure into the call's status.
   */
  private void goOn() {
    try {
      pump();
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        done = true;
      }
      caller.onError(Errors.exception(Errors.fault(e)));
    }
  }

  /** The same field in the responses of both kinds of read. */
  private static byte[] headPosition(EventCursor cursor) {
    return ReadLogResponse.newBuilder()
        .setHeadPosition(cursor.headPosition())
        .build()
        .toByteArray();
  }
}
