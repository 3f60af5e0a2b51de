package io.varve.server.api.umadb;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.umadb.v1.ReadResponse;
import io.varve.proto.umadb.v1.SequencedEvent;
import io.varve.server.api.grpc.Errors;
import io.varve.server.read.EventCursor;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;

/**
 * A read on its way to the caller: one message at a time, and the next only when the transport can
 * take it. A caller that stops reading costs a page, and the message that it was to fill.
 */
final class UmaDbReadCall {
  /** Messages and pages before other reads get their turn on the thread. */
  private static final int STEPS_A_TURN = 16;

  private final ServerCallStreamObserver<ReadResponse> caller;
  private final EventCursor cursor;
  private final boolean limited;
  private final Messages messages;
  private final Executor executor;
  private final IntConsumer sent;

  private boolean answered; // guarded by this
  private boolean done; // guarded by this

  /**
   * @param limited whether the read has a limit, which changes what its messages say of the head
   * @param executor goes on with the read after each turn
   * @param sent hears how many events have been sent
   */
  UmaDbReadCall(
      ServerCallStreamObserver<ReadResponse> caller,
      EventCursor cursor,
      boolean limited,
      int batchSize,
      Executor executor,
      IntConsumer sent) {
    this.caller = caller;
    this.cursor = cursor;
    this.limited = limited;
    this.messages = new Messages(batchSize);
    this.executor = executor;
    this.sent = sent;
  }

  /** Begins to send. */
  void start() {
    caller.setOnReadyHandler(this::pump);
    pump();
  }

  /** Sends what the transport can take. */
  private synchronized void pump() {
    int steps = 0;
    while (!done && !caller.isCancelled() && caller.isReady()) {
      if (steps++ == STEPS_A_TURN) {
        executor.execute(this::goOn);
        return;
      }
      List<SequencedEvent> next = messages.poll();
      if (next != null) {
        send(next);
      } else if (!cursor.isDone()) {
        messages.add(cursor.next());
        if (cursor.isDone()) {
          messages.close();
        }
      } else {
        if (!answered) {
          send(List.of()); // says what the head is
        }
        done = true;
        caller.onCompleted();
      }
    }
  }

  private void send(List<SequencedEvent> events) {
    ReadResponse.Builder response = ReadResponse.newBuilder().addAllEvents(events);
    long head =
        !limited ? cursor.headPosition() : events.isEmpty() ? 0 : events.getLast().getPosition();
    if (head > 0) {
      response.setHead(head);
    }
    caller.onNext(response.build());
    sent.accept(events.size());
    answered = true;
  }

  /** The next turn; outside gRPC's own events nobody else turns a failure into the status. */
  private void goOn() {
    try {
      pump();
    } catch (RuntimeException | Error e) {
      synchronized (this) {
        done = true;
      }
      caller.onError(UmaDbErrors.of(Errors.fault(e)));
    }
  }
}
