package io.varve.server.api.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** The answer of a method that has one, given while the method runs. */
final class UnaryAnswer {
  private UnaryAnswer() {}

  static <R> void send(StreamObserver<R> observer, R answer) {
    // With a handler in place, answering a caller that has gone does nothing instead of throwing.
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    observer.onNext(answer);
    observer.onCompleted();
  }
}
