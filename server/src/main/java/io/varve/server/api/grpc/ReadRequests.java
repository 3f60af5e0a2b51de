package io.varve.server.api.grpc;

import io.varve.proto.v1.PayloadView;
import io.varve.proto.v1.ReadLogRequest;
import io.varve.proto.v1.ReadStreamRequest;
import io.varve.proto.v1.SubscribeToLogRequest;
import io.varve.proto.v1.SubscribeToStreamRequest;
import io.varve.server.read.LogRead;
import io.varve.server.read.StreamRead;
import io.varve.server.subscription.SubscriptionStart;

/** From the requests of reads and subscriptions to values: every field checked. Thread-safe. */
final class ReadRequests {
  private final Checks checks;

  ReadRequests(Checks checks) {
    this.checks = checks;
  }

  StreamRead toRead(ReadStreamRequest request) {
    if (request.getFromSnapshot()) {
      notWithSnapshot(request.getBackwards(), "backwards");
      notWithSnapshot(request.getFromVersion() != 0, "from_version");
    }
    return new StreamRead(
        checks.stream("stream", request.getStream()),
        Checks.place("from_version", request.getFromVersion()),
        request.getBackwards(),
        Checks.place("limit", request.getLimit()),
        request.hasAsOf() ? Checks.time("as_of", request.getAsOf()) : null,
        request.getSkipArchived());
  }

  private static void notWithSnapshot(boolean given, String field) {
    if (given) {
      throw Errors.invalid(
          "from_snapshot",
          "cannot go together with " + field + ": a snapshot stands for the stream's beginning");
    }
  }

  LogRead toRead(ReadLogRequest request) {
    return new LogRead(
        Caller.ofThisCall().visible(checks.query("query", request.getQuery())),
        Checks.place("from_position", request.getFromPosition()),
        Checks.place("to_position", request.getToPosition()),
        request.hasFromTime() ? Checks.time("from_time", request.getFromTime()) : null,
        request.hasToTime() ? Checks.time("to_time", request.getToTime()) : null,
        request.getBackwards(),
        Checks.place("limit", request.getLimit()),
        request.getSkipArchived());
  }

  SubscriptionStart start(SubscribeToLogRequest request) {
    return switch (request.getStartCase()) {
      case AFTER_POSITION ->
          new SubscriptionStart.After(Checks.place("after_position", request.getAfterPosition()));
      case FROM_START, START_NOT_SET -> new SubscriptionStart.After(0);
      case FROM_NOW -> new SubscriptionStart.Now();
    };
  }

  SubscriptionStart start(SubscribeToStreamRequest request) {
    return switch (request.getStartCase()) {
      case AFTER_VERSION ->
          new SubscriptionStart.After(Checks.place("after_version", request.getAfterVersion()));
      case FROM_START, START_NOT_SET -> new SubscriptionStart.After(0);
      case FROM_NOW -> new SubscriptionStart.Now();
    };
  }

  /** Whether payloads are asked for as JSON. */
  static boolean wantsJson(PayloadView view, int value) {
    return wantsJson("payload_view", view, value);
  }

  /** Whether payloads are asked for as JSON, in a field of this name. */
  static boolean wantsJson(String field, PayloadView view, int value) {
    return switch (view) {
      case PAYLOAD_VIEW_UNSPECIFIED, PAYLOAD_VIEW_BYTES -> false;
      case PAYLOAD_VIEW_JSON -> true;
      case UNRECOGNIZED ->
          throw Errors.invalid(
              field, "must be PAYLOAD_VIEW_BYTES or PAYLOAD_VIEW_JSON, was " + value);
    };
  }
}
