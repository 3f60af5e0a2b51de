package io.varve.server.api.grpc;

import com.google.protobuf.CodedOutputStream;
import io.grpc.stub.ServerCallStreamObserver;
import io.varve.proto.v1.ReadLogResponse;
import io.varve.server.read.EventCursor;
import io.varve.server.storage.EventPage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
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
  private final Executor whenReady;
  private final IntConsumer sent;

  /**
   * Turns that are wanted: who makes it one begins to run them, one after the other. The beginning
   * is the first.
   */
  private final AtomicInteger wanted = new AtomicInteger(1);

  // Of whose turn it is.
  private @Nullable EventCursor cursor;
  private byte[] opening = NO_FIELDS;
  private boolean answered;
  private boolean done;

  /**
   * @param executor goes on with the read after each turn
   * @param whenReady goes on with it when the transport can take more, as the call's thread says
   * @param sent hears how many events have been sent
   */
  ReadCall(
      ServerCallStreamObserver<EncodedResponse> caller,
      boolean json,
      Executor executor,
      Executor whenReady,
      IntConsumer sent) {
    this.caller = caller;
    this.json = json;
    this.executor = executor;
    this.whenReady = whenReady;
    this.sent = sent;
    caller.setOnReadyThreshold(UNDERWAY_BYTES);
    caller.setOnReadyHandler(this::wantTurn);
  }

  /** Begins to send. */
  void start(EventCursor opened) {
    start(opened, NO_FIELDS);
  }

  /**
   * Reads the first page, on this thread, and sends it. If reading throws it has not begun, and may
   * be begun again.
   *
   * @param firstPageFields encoded fields of the response that the first page carries beside its
   *     events
   */
  void start(EventCursor opened, byte[] firstPageFields) {
    if (caller.isCancelled()) {
      return;
    }
    EventPage first = opened.next();
    cursor = opened;
    opening = firstPageFields;
    send(opened, first);
    if (!done) {
      whenReady.execute(this::takeTurn);
    }
  }

  /** The transport can take more. Before the beginning is over that is known by then. */
  private void wantTurn() {
    if (wanted.getAndIncrement() == 0) {
      whenReady.execute(this::takeTurn);
    }
  }

  /**
   * A turn; outside gRPC's own events nobody else turns a failure into the call's status. After one
   * that has failed there are no more.
   */
  private void takeTurn() {
    try {
      int seen = wanted.get();
      if (!pump() || (!done && wanted.addAndGet(-seen) > 0)) {
        executor.execute(this::takeTurn);
      }
    } catch (RuntimeException | Error e) {
      caller.onError(Errors.exception(Errors.fault(e)));
    }
  }

  /** Sends what the transport can take; false when it could take more than there are in a turn. */
  private boolean pump() {
    EventCursor open = cursor;
    for (int pages = 0;
        open != null && !done && !caller.isCancelled() && caller.isReady();
        pages++) {
      if (pages == PAGES_A_TURN) {
        return false;
      }
      send(open, open.next());
    }
    return true;
  }

  private void send(EventCursor open, EventPage page) {
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
