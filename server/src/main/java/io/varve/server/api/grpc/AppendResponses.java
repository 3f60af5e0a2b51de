package io.varve.server.api.grpc;

import io.varve.proto.v1.AppendResponse;
import io.varve.server.append.AppendOutcome;

/** Answers to appends that were carried out. */
final class AppendResponses {
  private AppendResponses() {}

  static AppendResponse of(AppendOutcome.Appended appended) {
    return AppendResponse.newBuilder()
        .setVersion(appended.last().value())
        .setPosition(appended.position().value())
        .setRecordedAt(ProtoTimes.of(appended.recordedAt()))
        .setDeduplicated(appended.deduplicated())
        .build();
  }
}
