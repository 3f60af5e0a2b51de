package io.varve.server.api.kurrent;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.operations.MergeIndexesRequest;
import io.varve.proto.kurrent.operations.MergeIndexesResponse;
import io.varve.proto.kurrent.operations.OperationsGrpc;
import io.varve.proto.kurrent.operations.RestartPersistentSubscriptionsRequest;
import io.varve.proto.kurrent.operations.RestartPersistentSubscriptionsResponse;
import io.varve.proto.kurrent.operations.ScavengeResult;
import io.varve.proto.kurrent.operations.StartScavengeRequest;
import io.varve.proto.kurrent.operations.StartScavengeResponse;
import io.varve.proto.kurrent.operations.StopScavengeRequest;
import io.varve.proto.kurrent.operations.StopScavengeResponse;
import io.varve.server.ops.Compactor;
import io.varve.server.ops.Scavenger;

/**
 * The service {@code event_store.client.operations.Operations}, as far as Varve's own upkeep does
 * the same.
 */
final class OperationsService extends OperationsGrpc.OperationsImplBase {
  private final Scavenger scavenger;
  private final Compactor compactor;
  private final Runnable restartGroups;

  /**
   * @param restartGroups has all consumers of groups join anew
   */
  OperationsService(Scavenger scavenger, Compactor compactor, Runnable restartGroups) {
    this.scavenger = scavenger;
    this.compactor = compactor;
    this.restartGroups = restartGroups;
  }

  @Override
  public void startScavenge(
      StartScavengeRequest request, StreamObserver<StartScavengeResponse> observer) {
    Scavenger.Begun begun = scavenger.begin();
    answer(
        observer,
        StartScavengeResponse.newBuilder()
            .setScavengeId(Long.toString(begun.pass()))
            .setScavengeResult(
                begun.isNew()
                    ? ScavengeResult.SCAVENGE_RESULT_UNSPECIFIED
                    : ScavengeResult.SCAVENGE_RESULT_IN_PROGRESS)
            .build());
  }

  @Override
  public void stopScavenge(
      StopScavengeRequest request, StreamObserver<StopScavengeResponse> observer) {
    String id = request.getOptions().getScavengeId();
    if (!isNumber(id) || !scavenger.stop(Long.parseLong(id))) {
      throw KurrentErrors.scavengeMissing(id);
    }
    answer(
        observer,
        StopScavengeResponse.newBuilder()
            .setScavengeId(id)
            .setScavengeResult(ScavengeResult.SCAVENGE_RESULT_STOPPED)
            .build());
  }

  private static boolean isNumber(String text) {
    return text.matches("[0-9]{1,18}");
  }

  @Override
  public void mergeIndexes(
      MergeIndexesRequest request, StreamObserver<MergeIndexesResponse> observer) {
    var _ = compactor.start(); // one that is under way does the same
    answer(observer, MergeIndexesResponse.getDefaultInstance());
  }

  @Override
  public void restartPersistentSubscriptions(
      RestartPersistentSubscriptionsRequest request,
      StreamObserver<RestartPersistentSubscriptionsResponse> observer) {
    restartGroups.run();
    answer(observer, RestartPersistentSubscriptionsResponse.getDefaultInstance());
  }

  private static <R> void answer(StreamObserver<R> observer, R answer) {
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    observer.onNext(answer);
    observer.onCompleted();
  }
}
