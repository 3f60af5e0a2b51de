package io.varve.server.api.grpc;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.server.append.Command;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A unary call that is answered by the commit path.
 *
 * @param <R> the response
 */
final class CommitCall<R> {
  private final ServerCallStreamObserver<R> caller;

  CommitCall(StreamObserver<R> observer) {
    caller = (ServerCallStreamObserver<R>) observer;
    // With a handler in place, answering a caller that has gone does nothing instead of throwing.
    caller.setOnCancelHandler(() -> {});
  }

  /**
   * Proposes a command, unless the caller has gone, and answers with its outcome.
   *
   * @param response the response for what was carried out; null for what was not
   */
  void propose(CommitLog commitLog, Command command, Function<Outcome, @Nullable R> response) {
    if (Context.current().isCancelled()) {
      return;
    }
    Caller asking = Caller.ofThisCall();
    commitLog.propose(
        command,
        outcome -> {
          R answer = response.apply(outcome);
          if (answer == null) {
            caller.onError(Errors.exception(Errors.refusal(outcome, asking::mayRead)));
          } else {
            caller.onNext(answer);
            caller.onCompleted();
          }
        });
  }
}
