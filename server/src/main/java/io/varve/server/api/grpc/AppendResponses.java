package io.varve.server.api.grpc;

import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.StreamAppended;
import io.varve.proto.v1.TransactResponse;
import io.varve.server.append.Outcome;
import org.jspecify.annotations.Nullable;

/** Answers to appends and transactions that were carried out; null for outcomes that are others. */
final class AppendResponses {
  private AppendResponses() {}

  static @Nullable AppendResponse of(Outcome outcome) {
    return outcome instanceof Outcome.Appended appended ? of(appended) : null;
  }

  static AppendResponse of(Outcome.Appended appended) {
    return AppendResponse.newBuilder()
        .setVersion(appended.last().value())
        .setPosition(appended.position().value())
        .setRecordedAt(ProtoTimes.of(appended.recordedAt()))
        .setDeduplicated(appended.deduplicated())
        .build();
  }

  static @Nullable TransactResponse ofTransaction(Outcome outcome) {
    if (!(outcome instanceof Outcome.Transacted transacted)) {
      return null;
    }
    TransactResponse.Builder response =
        TransactResponse.newBuilder().setDeduplicated(transacted.deduplicated());
    for (Outcome.Transacted.Written written : transacted.written()) {
      response.addStreams(
          StreamAppended.newBuilder()
              .setStream(written.stream().value())
              .setVersion(written.last().value()));
    }
    Outcome.Transacted.LastEvent last = transacted.last();
    if (last != null) {
      response.setPosition(last.position().value()).setRecordedAt(ProtoTimes.of(last.recordedAt()));
    }
    return response.build();
  }
}
