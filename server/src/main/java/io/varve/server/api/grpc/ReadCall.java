package io.varve.server.api.grpc;

import com.google.protobuf.CodedOutputStream;
import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.server.read.EventCursor;
import io.varve.server.storage.EventPage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A read on its way to the caller: one page at a time, and the next only when the transport can
 * take it. A caller that stops reading costs a few pages in the transport's buffer, or one that is
 * larger.
 */
final class ReadCall {
  /**
   * While less than this is on its way the transport takes another page. By itself it would take
   * one of the default size at a time, and each would wait for the thread that has sent the last.
   */
  private static final int UNDERWAY_BYTES = 256 * 1024;

  /** Pages before other reads get their turn on the thread. */
  private static final int PAGES_A_TURN = 16;

  private static final byte[] NO_FIELDS = {};

  private final ServerCallStreamObserver<EncodedResponse> caller;
  private final boolean json;
  private final Executor executor;
  private final IntConsumer sent;

  private @Nullable EventCursor cursor; // guarded by this
  private byte[] opening = NO_FIELDS; // guarded by this
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
    caller.setOnReadyThreshold(UNDERWAY_BYTES);
    caller.setOnReadyHandler(this::pump);
  }

  /** Begins to send. */
  void start(EventCursor opened) {
    start(opened, NO_FIELDS);
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
        opening = NO_FIELDS;
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
    long position = cursor.headPosition();
    if (position == 0) {
      return NO_FIELDS; // as proto3 leaves it out
    }
    byte[] field =
        new byte
            [CodedOutputStream.computeUInt64Size(
                ReadLogResponse.HEAD_POSITION_FIELD_NUMBER, position)];
    CodedOutputStream out = CodedOutputStream.newInstance(field);
    try {
      out.writeUInt64(ReadLogResponse.HEAD_POSITION_FIELD_NUMBER, position);
    } catch (IOException e) {
      throw new UncheckedIOException("an array that was measured is too short", e);
    }
    return field;
  }
}
