package io.varve.server.api.grpc;

import com.google.rpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.AppendPipelineRequest;
import io.varve.proto.v1.AppendPipelineResponse;
import io.varve.server.append.AppendCommand;
import io.varve.server.append.CommitLog;
import io.varve.server.append.Outcome;
import io.varve.server.security.Action;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One call with many appends in flight. Answers leave in the order of the requests, whether an
 * append was refused at the door or decided by the commit. As many requests are taken in as answers
 * have left, a quarter of the window at a time, so what a call holds is bounded by the window, and
 * a caller that does not read its answers is held back.
 */
final class AppendPipelineCall implements StreamObserver<AppendPipelineRequest> {
  /** Appends in flight on one call. */
  static final int WINDOW = 1024;

  /**
   * So many requests are taken in together, since each time costs the connection's thread a task.
   * It is less than the window: what is still owed never is all that the caller has left to send.
   */
  private static final int TAKEN_IN_TOGETHER = WINDOW / 4;

  private final ServerCallStreamObserver<AppendPipelineResponse> caller;
  private final AppendRequests requests;
  private final CommitLog commitLog;
  private final Caller asking = Caller.ofThisCall();

  /** Answers due, oldest first; also the lock under which they leave, one at a time. */
  private final Deque<Due> due = new ArrayDeque<>();

  private int owed; // requests to take in once the caller reads its answers; guarded by due
  private boolean halfClosed; // guarded by due
  private boolean stopping; // guarded by due
  private boolean ended; // guarded by due

  /** A request and, once it is there, its answer. */
  private static final class Due {
    final long requestId;
    @Nullable AppendPipelineResponse answer; // guarded by due

    Due(long requestId) {
      this.requestId = requestId;
    }
  }

  AppendPipelineCall(
      ServerCallStreamObserver<AppendPipelineResponse> caller,
      AppendRequests requests,
      CommitLog commitLog) {
    this.caller = caller;
    this.requests = requests;
    this.commitLog = commitLog;
  }

  /** Takes in the first requests. */
  void start() {
    caller.disableAutoRequest();
    caller.setOnReadyHandler(this::takeInOwed);
    caller.request(WINDOW);
  }

  @Override
  public void onNext(AppendPipelineRequest request) {
    Due place = new Due(request.getRequestId());
    synchronized (due) {
      if (ended) {
        return; // came in after the server has ended the call; its writer repeats it
      }
      due.add(place);
    }
    AppendCommand command;
    try {
      if (!request.hasAppend()) {
        throw Errors.invalid("append", "must be there");
      }
      asking.require(Action.APPEND, request.getAppend().getStream());
      command = requests.toCommand(request.getAppend());
    } catch (Refusal e) {
      asking.wasRefused(e);
      answer(place, refused(place, e.status()));
      return;
    }
    commitLog.propose(command, outcome -> answer(place, toResponse(place, outcome)));
  }

  private AppendPipelineResponse toResponse(Due place, Outcome outcome) {
    if (outcome instanceof Outcome.Appended appended) {
      return AppendPipelineResponse.newBuilder()
          .setRequestId(place.requestId)
          .setAppended(AppendResponses.of(appended))
          .build();
    }
    return refused(place, Errors.refusal(outcome, asking::mayRead));
  }

  private static AppendPipelineResponse refused(Due place, Status status) {
    return AppendPipelineResponse.newBuilder()
        .setRequestId(place.requestId)
        .setRefused(status)
        .build();
  }

  private void answer(Due place, AppendPipelineResponse answer) {
    synchronized (due) {
      place.answer = answer;
      while (!due.isEmpty() && due.peek().answer != null) {
        AppendPipelineResponse next = due.remove().answer;
        if (next != null && !ended && !caller.isCancelled()) {
          caller.onNext(next);
        }
        owed++;
      }
      endIfDone();
    }
    takeInOwed();
  }

  /** Takes in as many requests as answers have left, if they are many and the caller reads them. */
  private void takeInOwed() {
    int count;
    synchronized (due) {
      if (owed < TAKEN_IN_TOGETHER
          || stopping
          || ended
          || caller.isCancelled()
          || !caller.isReady()) {
        return;
      }
      count = owed;
      owed = 0;
    }
    caller.request(count);
  }

  @Override
  public void onCompleted() {
    synchronized (due) {
      halfClosed = true;
      endIfDone();
    }
  }

  @Override
  public void onError(Throwable cause) {
    synchronized (due) {
      ended = true; // the caller has gone; appends in flight finish without it
    }
  }

  /** Takes in nothing more, and ends the call once everything in flight has been answered. */
  void stop() {
    synchronized (due) {
      stopping = true;
      endIfDone();
    }
  }

  private void endIfDone() {
    if (ended || !due.isEmpty() || caller.isCancelled()) {
      return;
    }
    if (halfClosed) {
      ended = true;
      caller.onCompleted();
    } else if (stopping) {
      ended = true;
      caller.onError(Errors.exception(Errors.stopping()));
    }
  }
}
