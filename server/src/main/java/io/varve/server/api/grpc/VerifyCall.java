package io.varve.server.api.grpc;

import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.VerifyResponse;
import io.varve.server.ops.LongTask;
import io.varve.server.ops.Verifier;
import java.util.function.LongSupplier;

/** {@code Verify}. */
final class VerifyCall implements Verifier.Listener {
  private final ProgressCall<VerifyResponse> call;
  private long events;
  private long total;

  private VerifyCall(ProgressCall<VerifyResponse> call) {
    this.call = call;
  }

  static void start(
      Verifier verifier, StreamObserver<VerifyResponse> observer, LongSupplier nanoTime) {
    ProgressCall<VerifyResponse> call = new ProgressCall<>(observer, nanoTime);
    LongTask.Run run = verifier.start(new VerifyCall(call));
    if (run == null) {
      throw Errors.alreadyRunning("a verification");
    }
    call.belongsTo(run);
  }

  @Override
  public void progress(String stage, long done, long ofTotal) {
    events = done;
    total = ofTotal;
    if (call.wantsProgress()) {
      call.send(now().setStage(stage).build());
    }
  }

  private VerifyResponse.Builder now() {
    return VerifyResponse.newBuilder().setEventsDone(events).setEventsTotal(total);
  }

  @Override
  public void finding(String sentence) {
    call.send(now().addFindings(sentence).build());
  }

  @Override
  public void note(String sentence) {
    call.send(now().addNotes(sentence).build());
  }

  @Override
  public void done(long findings) {
    call.end(now().setFindingsTotal(findings).build());
  }

  @Override
  public void failed(RuntimeException cause) {
    call.fail(cause);
  }
}
