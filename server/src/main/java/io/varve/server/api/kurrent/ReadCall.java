package io.varve.server.api.kurrent;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.kurrent.streams.ReadResponse;
import io.varve.server.read.EventCursor;
import io.varve.server.storage.EncodedEvent;
import io.varve.server.storage.EventRun;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;

/**
 * A read on its way to the caller: a page at a time, each event in a message of its own, and the
 * next page only when the transport can take more.
 */
final class ReadCall {
  /** Pages before other reads get their turn on the thread. */
  private static final int PAGES_A_TURN = 16;

  /** What is said behind the last event. */
  interface Closing {
    List<ReadResponse> after(boolean anyEvent);
  }

  private final ServerCallStreamObserver<ReadResponse> caller;
  private final EventCursor cursor;
  private final EventViews.View view;
  private final boolean idAsText;
  private final Closing closing;
  private final Executor executor;
  private final IntConsumer sent;

  private long left; // guarded by this
  private boolean any; // guarded by this
  private boolean done; // guarded by this

  /**
   * @param limit at most so many events are sent
   * @param executor goes on with the read after each turn
   * @param sent hears how many events have been sent
   */
  ReadCall(
      ServerCallStreamObserver<ReadResponse> caller,
      EventCursor cursor,
      EventViews.View view,
      long limit,
      boolean idAsText,
      Closing closing,
      Executor executor,
      IntConsumer sent) {
    this.caller = caller;
    this.cursor = cursor;
    this.view = view;
    this.left = limit;
    this.idAsText = idAsText;
    this.closing = closing;
    this.executor = executor;
    this.sent = sent;
  }

  /** Begins to send. */
  void start() {
    caller.setOnCancelHandler(() -> {});
    caller.setOnReadyHandler(this::pump);
    pump();
  }

  private synchronized void pump() {
    int pages = 0;
    while (!done && !caller.isCancelled() && caller.isReady()) {
      if (pages++ == PAGES_A_TURN) {
        executor.execute(this::goOn);
        return;
      }
      sendPage();
      if (left == 0 || cursor.isDone()) {
        done = true;
        closing.after(any).forEach(caller::onNext);
        caller.onCompleted();
      }
    }
  }

  private void sendPage() {
    if (left == 0 || cursor.isDone()) {
      return;
    }
    int count = 0;
    for (EventRun run : cursor.next().runs()) {
      for (EncodedEvent stored : run.events()) {
        EventViews.Resolved event = left == 0 ? null : view.of(stored);
        if (event != null) {
          caller.onNext(ReadResponse.newBuilder().setEvent(event.toProto(idAsText)).build());
          left--;
          count++;
        }
      }
    }
    any |= count > 0;
    sent.accept(count);
  }

  /** The next turn; outside gRPC's own events nobody else turns a failure into the status. */
  private void goOn() {
    try {
      pump();
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        done = true;
      }
      caller.onError(KurrentErrors.fault(e));
    }
  }
}
