package io.varve.server.api.kurrent;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.projections.DisableRequest;
import io.varve.proto.kurrent.projections.DisableResponse;
import io.varve.proto.kurrent.projections.EnableRequest;
import io.varve.proto.kurrent.projections.EnableResponse;
import io.varve.proto.kurrent.projections.ProjectionDetails;
import io.varve.proto.kurrent.projections.ProjectionsGrpc;
import io.varve.proto.kurrent.projections.StatisticsOptions;
import io.varve.proto.kurrent.projections.StatisticsRequest;
import io.varve.proto.kurrent.projections.StatisticsResponse;
import io.varve.server.storage.Head;
import java.util.List;

/**
 * The service {@code event_store.client.projections.Projections}, as far as it is about the
 * standard projections: what they would write are views here, which always run.
 */
final class ProjectionsService extends ProjectionsGrpc.ProjectionsImplBase {
  private static final List<String> STANDARD =
      List.of("$by_category", "$by_event_type", "$stream_by_category", "$streams");

  private final Head head;

  ProjectionsService(Head head) {
    this.head = head;
  }

  @Override
  public void enable(EnableRequest request, StreamObserver<EnableResponse> observer) {
    known(request.getOptions().getName());
    answer(observer, EnableResponse.getDefaultInstance());
  }

  @Override
  public void disable(DisableRequest request, StreamObserver<DisableResponse> observer) {
    String name = known(request.getOptions().getName());
    throw Status.FAILED_PRECONDITION
        .withDescription(
            "projection '" + name + "' is a view of an index, which cannot be switched off")
        .asRuntimeException();
  }

  private static String known(String name) {
    if (!STANDARD.contains(name)) {
      throw missing(name);
    }
    return name;
  }

  private static StatusRuntimeException missing(String name) {
    return Status.NOT_FOUND
        .withDescription("Projection '" + name + "' not found")
        .asRuntimeException();
  }

  @Override
  public void statistics(StatisticsRequest request, StreamObserver<StatisticsResponse> observer) {
    StatisticsOptions options = request.getOptions();
    List<String> asked =
        switch (options.getModeCase()) {
          case NAME -> List.of(known(options.getName()));
          case ALL, CONTINUOUS, MODE_NOT_SET -> STANDARD;
          case TRANSIENT, ONE_TIME -> List.of();
        };
    ServerCallStreamObserver<StatisticsResponse> caller =
        (ServerCallStreamObserver<StatisticsResponse>) observer;
    caller.setOnCancelHandler(() -> {});
    long position = head.position();
    String place = "C:" + position + "/P:" + position;
    for (String name : asked) {
      caller.onNext(
          StatisticsResponse.newBuilder()
              .setDetails(
                  ProjectionDetails.newBuilder()
                      .setName(name)
                      .setEffectiveName(name)
                      .setStatus("Running")
                      .setMode("Continuous")
                      .setPosition(place)
                      .setProgress(100)
                      .setLastCheckpoint(place))
              .build());
    }
    caller.onCompleted();
  }

  private static <R> void answer(StreamObserver<R> observer, R answer) {
    ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(() -> {});
    observer.onNext(answer);
    observer.onCompleted();
  }
}
