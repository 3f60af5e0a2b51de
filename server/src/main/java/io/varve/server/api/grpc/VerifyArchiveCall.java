package io.varve.server.api.grpc;

import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.VerifyArchiveResponse;
import io.varve.server.ops.ArchiveVerifier;
import io.varve.server.ops.LongTask;
import java.util.List;
import java.util.function.LongSupplier;

/** {@code VerifyArchive}. */
final class VerifyArchiveCall implements ArchiveVerifier.Listener {
  private final ProgressCall<VerifyArchiveResponse> call;

  private VerifyArchiveCall(ProgressCall<VerifyArchiveResponse> call) {
    this.call = call;
  }

  static void start(
      ArchiveVerifier verifier,
      StreamObserver<VerifyArchiveResponse> observer,
      LongSupplier nanoTime) {
    ProgressCall<VerifyArchiveResponse> call = new ProgressCall<>(observer, nanoTime);
    LongTask.Run run = verifier.start(new VerifyArchiveCall(call));
    if (run == null) {
      throw Errors.alreadyRunning("a verification of the archive");
    }
    call.belongsTo(run);
  }

  private static VerifyArchiveResponse.Builder message(int files, int total) {
    return VerifyArchiveResponse.newBuilder().setSegmentsDone(files).setSegmentsTotal(total);
  }

  @Override
  public void examined(int files, int total, List<String> findings) {
    if (!findings.isEmpty() || call.wantsProgress()) {
      call.send(message(files, total).addAllFindings(findings).build());
    }
  }

  @Override
  public void done(int files, List<String> strayFiles) {
    call.end(message(files, files).addAllStrayFiles(strayFiles).build());
  }

  @Override
  public void failed(RuntimeException cause) {
    call.fail(cause);
  }
}
