package io.varve.server.api.kurrent;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.varve.proto.kurrent.streams.AppendConflict;
import io.varve.proto.kurrent.streams.AppendOptions;
import io.varve.proto.kurrent.streams.AppendRequest;
import io.varve.proto.kurrent.streams.AppendResponse;
import io.varve.proto.kurrent.streams.AppendSuccess;
import io.varve.server.api.grpc.Caller;
import io.varve.server.event.ExpectedVersion;
import io.varve.server.event.NewEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An append on its way in: the options, then each event; decided when the caller has said all. */
final class AppendCall implements StreamObserver<AppendRequest> {
  private final ServerCallStreamObserver<AppendResponse> caller;
  private final Proposals proposals;
  private final Appends appends;

  private final List<NewEvent> events = new ArrayList<>();
  private @Nullable AppendOptions options;
  private long bytes;
  private boolean over;

  AppendCall(
      ServerCallStreamObserver<AppendResponse> caller, Proposals proposals, Appends appends) {
    this.caller = caller;
    this.proposals = proposals;
    this.appends = appends;
    caller.setOnCancelHandler(() -> over = true);
  }

  @Override
  public void onNext(AppendRequest request) {
    if (over) {
      return;
    }
    switch (request.getContentCase()) {
      case OPTIONS -> {
        if (options != null) {
          throw KurrentErrors.invalid("options", "must come once");
        }
        options = request.getOptions();
        Rights.toAppend(Caller.ofThisCall(), proposals.stream(options));
      }
      case PROPOSED_MESSAGE -> {
        if (options == null) {
          throw KurrentErrors.invalid("options", "must come first");
        }
        NewEvent event = proposals.event(request.getProposedMessage());
        bytes += Proposals.bytes(event);
        if (bytes > proposals.maxBytes()) {
          over = true;
          throw KurrentErrors.appendTooLarge(proposals.maxBytes());
        }
        if (events.size() == proposals.maxEvents()) {
          over = true;
          throw KurrentErrors.invalid("events", proposals.tooMany());
        }
        events.add(event);
      }
      case CONTENT_NOT_SET -> throw KurrentErrors.invalid("content", "must be set");
    }
  }

  @Override
  public void onError(Throwable cause) {
    over = true;
  }

  @Override
  public void onCompleted() {
    AppendOptions given = options;
    if (over || Context.current().isCancelled()) {
      return;
    }
    if (given == null) {
      throw KurrentErrors.invalid("options", "must be set");
    }
    over = true;
    appends.append(
        new Appends.Wish(proposals.stream(given), Proposals.expected(given), events), this::answer);
  }

  private void answer(Appends.Result result) {
    switch (result) {
      case Appends.Result.Appended(long revision, long position) ->
          succeed(
              AppendSuccess.newBuilder()
                  .setCurrentRevision(revision)
                  .setPosition(Wire.position(position)));
      case Appends.Result.Nothing(long version) -> {
        AppendSuccess.Builder success = AppendSuccess.newBuilder().setNoPosition(Wire.NOTHING);
        if (version == 0) {
          success.setNoStream(Wire.NOTHING);
        } else {
          success.setCurrentRevision(version - 1);
        }
        succeed(success);
      }
      case Appends.Result.Conflict(ExpectedVersion expected, long version) ->
          send(
              AppendResponse.newBuilder()
                  .setWrongExpectedVersion(conflict(expected, version))
                  .build());
      case Appends.Result.TooLarge(long maxBytes) ->
          caller.onError(KurrentErrors.appendTooLarge(maxBytes));
      case Appends.Result.Refused refused -> caller.onError(KurrentErrors.of(refused.outcome()));
      case Appends.Result.Failed failed -> caller.onError(KurrentErrors.fault(failed.cause()));
    }
  }

  private void succeed(AppendSuccess.Builder success) {
    send(AppendResponse.newBuilder().setSuccess(success).build());
  }

  private void send(AppendResponse response) {
    caller.onNext(response);
    caller.onCompleted();
  }

  private static AppendConflict conflict(ExpectedVersion expected, long version) {
    AppendConflict.Builder conflict = AppendConflict.newBuilder();
    if (version == 0) {
      conflict.setCurrentNoStream(Wire.NOTHING).setFormerNoStream(Wire.NOTHING);
    } else {
      conflict.setCurrentRevision(version - 1).setFormerCurrentRevision(version - 1);
    }
    switch (expected) {
      case ExpectedVersion.Exactly(long wanted) ->
          conflict.setExpectedRevision(wanted - 1).setFormerExpectedRevision(wanted - 1);
      case ExpectedVersion.NoStream _ ->
          conflict.setExpectedNoStream(Wire.NOTHING).setFormerExpectedRevision(Wire.MAX_UNSIGNED);
      case ExpectedVersion.Any _ ->
          conflict.setExpectedAny(Wire.NOTHING).setFormerAny(Wire.NOTHING);
      case ExpectedVersion.StreamExists _ ->
          conflict.setExpectedStreamExists(Wire.NOTHING).setFormerStreamExists(Wire.NOTHING);
    }
    return conflict.build();
  }
}
